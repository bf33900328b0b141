"""The values that settings of an installation may have, and how a variable, which is one text, says them."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from schemas.words import Channel

Positive = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=1, le=65535)]


def _listed(value: object) -> object:
    """`sms,voice`; and `none`, as an empty variable counts as unset."""
    if not isinstance(value, str):
        return value
    return () if value == "none" else [part.strip() for part in value.split(",")]


Channels = Annotated[tuple[Channel, ...], BeforeValidator(_listed)]

_SERVER = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]/]+)(:[0-9]{1,5})?")


def _servers(text: str) -> str:
    if not all(_SERVER.fullmatch(server.strip()) for server in text.split(",")):
        raise ValueError(f"must be HOST:PORT, or several parted by commas, not {text!r}")
    return text


Servers = Annotated[str, AfterValidator(_servers)]
