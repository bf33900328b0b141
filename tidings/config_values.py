"""The values that settings of an installation may have, and how a variable, which is one text, says them."""

from typing import Annotated

from pydantic import BeforeValidator, Field

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
