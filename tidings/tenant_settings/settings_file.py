"""A settings file: whose settings it holds, which version it was made from, and all of them.

tenant: pantry
version: 4          # that the file was made from; 0 for a tenant that is new
settings: {…}       # everything; what is left out has its default
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from schemas.validation import parse
from tidings.yaml_text import read_yaml, write_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """A tenant's settings with the version that they were made from."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    tenant: Annotated[str, Field(min_length=1)]
    version: Annotated[int, Field(ge=0)]
    settings: Mapping[str, object]


def read_settings_file(text: str) -> SettingsFile:
    """The file that a YAML or JSON text says; raises Refused. The settings themselves are not looked at."""
    read = parse(SettingsFile, read_yaml(text))
    return SettingsFile(tenant=read.tenant, version=read.version, settings=without_nothing(read.settings))


def write_settings_file(file: SettingsFile) -> str:
    """The file as YAML."""
    return write_yaml({"tenant": file.tenant, "version": file.version, "settings": dict(file.settings)})


def without_nothing(document: Mapping[str, object]) -> dict[str, object]:
    """A key that holds nothing (`name:`) is a key that is left out, as in the event that changes settings."""
    return {
        key: without_nothing(value) if isinstance(value, Mapping) else value
        for key, value in document.items()
        if value is not None
    }
