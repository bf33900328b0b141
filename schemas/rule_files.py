"""The files of a rule: what travels with its mail, and what html shows in it (contract section 7)."""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from schemas.events.campaigns import Attachment
from schemas.faults import Fault
from schemas.message import File
from schemas.near import near, perhaps
from schemas.partial import where_read

MOST_CHARACTERS = 400_000
"""Of base64, of all files of a rule together: they travel in each message, and a record holds a million bytes."""
IMAGES: Mapping[str, bytes] = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
"""What mail programs show, and how such a file begins."""
_BEGINNINGS = {**IMAGES, "application/pdf": b"%PDF-"}
_MEDIA_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_FILE_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f/\\]{1,200}")
_IMAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_REFERENCE = re.compile(r"\bcid:([^\s\"'<>()]*)")


Files = tuple[Attachment, ...]


def file_faults(images: Files, attachments: Files, html: str | None) -> Iterator[Fault]:
    """What keeps the files of a mail from being taken; paths as `images.0.content`. Each is looked at on its own."""
    yield from _size_faults(images, attachments)
    for number, image in enumerate(images):
        for look in (_image_type_faults, _image_name_faults, _content_faults):
            yield from look(image, f"images.{number}")
    for number, attachment in enumerate(attachments):
        for look in (_media_type_faults, _file_name_faults, _content_faults):
            yield from look(attachment, f"attachments.{number}")
    yield from _reference_faults(images, html)


@where_read
def _size_faults(images: Files, attachments: Files) -> Iterator[Fault]:
    size = sum(len(each.content) for each in (*images, *attachments))
    if size > MOST_CHARACTERS:
        where = "attachments" if attachments else "images"
        yield Fault(path=where, reason=f"all files together have {size} characters of base64, {MOST_CHARACTERS} may be")


@where_read
def _image_type_faults(file: Attachment, path: str) -> Iterator[Fault]:
    if file.media_type not in IMAGES:
        reason = f"must be one of {', '.join(IMAGES)}, not {file.media_type!r}"
        yield Fault(path=f"{path}.media_type", reason=reason)


@where_read
def _image_name_faults(file: Attachment, path: str) -> Iterator[Fault]:
    if not _IMAGE_NAME.fullmatch(file.name):
        reason = f"must be letters, digits, dots, _ and -, as html names it (cid:logo.png), not {file.name!r}"
        yield Fault(path=f"{path}.name", reason=reason)


@where_read
def _media_type_faults(file: Attachment, path: str) -> Iterator[Fault]:
    if not _MEDIA_TYPE.fullmatch(file.media_type):
        yield Fault(path=f"{path}.media_type", reason=f"is no media type: {file.media_type!r}")


@where_read
def _file_name_faults(file: Attachment, path: str) -> Iterator[Fault]:
    if not _FILE_NAME.fullmatch(file.name):
        yield Fault(path=f"{path}.name", reason=f"is no name of a file: {file.name!r}")


def files_of(images: Files, attachments: Files) -> tuple[File, ...]:
    """The files as messages carry them; html shows an image by its name (`<img src="cid:logo.png">`)."""
    shown, added = (
        tuple(File(name=each.name, media_type=each.media_type, content=each.content) for each in files)
        for files in (images, attachments)
    )
    return (*(replace(file, content_id=file.name) for file in shown), *added)


@where_read
def _content_faults(file: Attachment, path: str) -> Iterator[Fault]:
    try:
        content = binascii.a2b_base64(file.content, strict_mode=True)
    except ValueError:
        yield Fault(path=f"{path}.content", reason="is not base64: it must be the file, encoded")
        return
    beginning = _BEGINNINGS.get(file.media_type, b"")
    if not content or not content.startswith(beginning):
        yield Fault(path=f"{path}.content", reason=f"is no {file.media_type}")


@where_read
def _reference_faults(images: Files, html: str | None) -> Iterator[Fault]:
    names = [image.name for image in images]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Fault(path=f"images.{number}.name", reason=f"stands twice: {name!r}")
    used = set(_REFERENCE.findall(html or ""))
    strangers = sorted(used - set(names))
    meant = {near(name, set(names) - used) for name in strangers}
    for number, name in enumerate(names):
        if name not in used | meant and _IMAGE_NAME.fullmatch(name):
            yield Fault(path=f"images.{number}.name", reason=f"html does not show it: no cid:{name} there")
    for name in strangers:
        reason = f"shows cid:{name}, which is the name of no image{perhaps(name, set(names) - used)}"
        yield Fault(path="html", reason=reason)
