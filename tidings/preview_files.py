"""A preview as files: each part of each message, and the mail as it stands on the wire."""

from collections.abc import Mapping

from gateways.addresses import NotAnAddress, address, sender
from gateways.mime import mail
from schemas.message import Message
from schemas.words import Channel
from tidings.preview import Preview


def files_of(preview: Preview) -> Mapping[str, bytes]:
    """File name → content; a second message of a kind and channel has a number."""
    files: dict[str, bytes] = {}
    for sheet in preview.sheets:
        if sheet.message is None:
            continue
        stem = f"{sheet.message.kind}.{sheet.message.channel}".replace(":", "-").replace("/", "-")
        number = sum(name.endswith(".txt") and name.startswith(f"{stem}.") for name in files)
        for part, content in _parts(sheet.message).items():
            files[f"{stem}{f'.{number + 1}' if number else ''}.{part}"] = content
    return files


def _parts(message: Message) -> Mapping[str, bytes]:
    parts = {"txt": message.text.encode()}
    if message.html is not None:
        parts["html"] = message.html.encode()
    if message.channel is Channel.EMAIL:
        try:
            parts["eml"] = on_the_wire(message)
        except NotAnAddress:
            return parts
    return parts


def on_the_wire(message: Message) -> bytes:
    """The mail that the email gateway makes of a message; raises NotAnAddress."""
    reply_to = sender(message.reply_to) if message.reply_to else None
    return mail(message, sender(message.from_), address(message.to), reply_to)
