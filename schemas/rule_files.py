"""The files of a rule: what travels with its mail, and what html shows in it (contract section 7)."""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from schemas.events.campaigns import Attachment
from schemas.faults import Fault
from schemas.message import File

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
    """What keeps the files of a mail from being taken; paths as `images.0.content`."""
    size = sum(len(each.content) for each in (*images, *attachments))
    if size > MOST_CHARACTERS:
        where = "attachments" if attachments else "images"
        yield Fault(path=where, reason=f"all files together have {size} characters of base64, {MOST_CHARACTERS} may be")
    for number, image in enumerate(images):
        if image.media_type not in IMAGES:
            reason = f"must be one of {', '.join(IMAGES)}, not {image.media_type!r}"
            yield Fault(path=f"images.{number}.media_type", reason=reason)
        if not _IMAGE_NAME.fullmatch(image.name):
            reason = f"must be letters, digits, dots, _ and -, as html names it (cid:logo.png), not {image.name!r}"
            yield Fault(path=f"images.{number}.name", reason=reason)
        yield from _content_faults(image, f"images.{number}")
    for number, attachment in enumerate(attachments):
        if not _MEDIA_TYPE.fullmatch(attachment.media_type):
            yield Fault(path=f"attachments.{number}.media_type", reason=f"is no media type: {attachment.media_type!r}")
        if not _FILE_NAME.fullmatch(attachment.name):
            yield Fault(path=f"attachments.{number}.name", reason=f"is no name of a file: {attachment.name!r}")
        yield from _content_faults(attachment, f"attachments.{number}")
    yield from _reference_faults(images, html)


def files_of(images: Files, attachments: Files) -> tuple[File, ...]:
    """The files as messages carry them; html shows an image by its name (`<img src="cid:logo.png">`)."""
    shown, added = (
        tuple(File(name=each.name, media_type=each.media_type, content=each.content) for each in files)
        for files in (images, attachments)
    )
    return (*(replace(file, content_id=file.name) for file in shown), *added)


def _content_faults(file: Attachment, path: str) -> Iterator[Fault]:
    try:
        content = binascii.a2b_base64(file.content, strict_mode=True)
    except ValueError:
        yield Fault(path=f"{path}.content", reason="is not base64")
        return
    beginning = _BEGINNINGS.get(file.media_type, b"")
    if not content or not content.startswith(beginning):
        yield Fault(path=f"{path}.content", reason=f"is no {file.media_type}")


def _reference_faults(images: Files, html: str | None) -> Iterator[Fault]:
    names = [image.name for image in images]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Fault(path=f"images.{number}.name", reason=f"stands twice: {name!r}")
    used = set(_REFERENCE.findall(html or ""))
    for number, name in enumerate(names):
        if name not in used:
            yield Fault(path=f"images.{number}.name", reason=f"html does not show it: no cid:{name} there")
    for name in sorted(used - set(names)):
        yield Fault(path="html", reason=f"shows cid:{name}, which is the name of no image")
