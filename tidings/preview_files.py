"""A preview as files: each part of each message, and the mail as it stands on the wire."""

from collections.abc import Mapping
from dataclasses import replace

from gateways.addresses import NotAnAddress, address, sender
from gateways.mime import mail
from gateways.unsubscribe.keys import Keys, keys_there
from gateways.unsubscribe.links import Links, can_be_left, with_link
from schemas.message import Message
from schemas.unsubscribe import SigningKey
from schemas.words import Channel
from tidings.config import load
from tidings.preview import Preview

_NOBODY = Keys(keys=(SigningKey(id="preview", secret=b"signs what nobody believes"),), valid_days=1)


def links_for(preview: Preview) -> Links | None:
    """The unsubscribe links that the mails will have; where this machine has no keys, links that do nothing.

    Settings and keys are read only for a mail that has a link. Raises Refused for bad ones.
    """
    if not any(sheet.message is not None and can_be_left(sheet.message) for sheet in preview.sheets):
        return None
    installation = load()
    url = installation.unsubscribe.url
    return Links(url=url, keys=keys_there(installation) or _NOBODY) if url else None


def as_read(preview: Preview, links: Links | None) -> Preview:
    """The preview with each message as its reader sees it: the gateway puts an unsubscribe link below some."""
    return replace(
        preview,
        sheets=tuple(
            replace(sheet, message=_as_read(sheet.message, links)) if sheet.message is not None else sheet
            for sheet in preview.sheets
        ),
    )


def files_of(preview: Preview, links: Links | None = None) -> Mapping[str, bytes]:
    """File name → content; a second message of a kind and channel has a number."""
    files: dict[str, bytes] = {}
    for sheet in preview.sheets:
        if sheet.message is None:
            continue
        stem = f"{sheet.message.kind}.{sheet.message.channel}".replace(":", "-").replace("/", "-")
        number = sum(name.endswith(".txt") and name.startswith(f"{stem}.") for name in files)
        for part, content in _parts(sheet.message, links).items():
            files[f"{stem}{f'.{number + 1}' if number else ''}.{part}"] = content
    return files


def _parts(message: Message, links: Links | None) -> Mapping[str, bytes]:
    read = _as_read(message, links)
    parts = {"txt": read.text.encode()}
    if read.html is not None:
        parts["html"] = read.html.encode()
    if message.channel is Channel.EMAIL:
        try:
            parts["eml"] = on_the_wire(message, links)
        except NotAnAddress:
            return parts
    return parts


def _as_read(message: Message, links: Links | None) -> Message:
    try:
        return with_link(message, links)
    except NotAnAddress:  # such a mail is refused when it is sent
        return message


def on_the_wire(message: Message, links: Links | None = None) -> bytes:
    """The mail that the email gateway makes of a message; raises NotAnAddress."""
    reply_to = sender(message.reply_to) if message.reply_to else None
    return mail(message, sender(message.from_), address(message.to), reply_to, links)
