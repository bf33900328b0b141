"""One installation's settings: defaults, then a file, then `TIDINGS_…` variables, checked before anything starts.

`TIDINGS_KAFKA__BOOTSTRAP_SERVERS=kafka:9092` sets `kafka.bootstrap_servers`; `TIDINGS_CONFIG=/etc/tidings.toml` names a
file with the same names as tables. What is set by name and does not exist is refused, never ignored.
"""

import os
import socket
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from schemas.faults import Fault, Refused
from schemas.validation import reason_of
from schemas.words import Channel
from tidings.config_values import Channels, Port, Positive, Seconds, Servers

PREFIX = "TIDINGS_"
FILE_VARIABLE = "TIDINGS_CONFIG"
LOCAL_BOOTSTRAP_SERVERS = "127.0.0.1:19092"
"""Where `tidings broker start` listens; with any other value Tidings never starts a broker."""

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_CLOSED = ConfigDict(extra="forbid")


class InvalidConfiguration(Refused):
    """The settings of this installation do not hold; one fault per thing that is wrong."""


class SecurityProtocol(StrEnum):
    """How a broker is spoken to, in Kafka's own words."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def uses_sasl(self) -> bool:
        """Whether a user name and a password are needed."""
        return self in (SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL)

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self in (SecurityProtocol.SSL, SecurityProtocol.SASL_SSL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kafka:
    """The broker and how to speak to it; `topic_prefix` stands before every topic's and group's name."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    bootstrap_servers: Servers = LOCAL_BOOTSTRAP_SERVERS
    security_protocol: SecurityProtocol = SecurityProtocol.PLAINTEXT
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    replication_factor: Positive = 1
    min_insync_replicas: Positive = 1
    topic_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,60}$")] = ""

    @property
    def is_local_default(self) -> bool:
        """Whether the broker is the one that `tidings broker start` runs."""
        return self.bootstrap_servers == LOCAL_BOOTSTRAP_SERVERS


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaRegistry:
    """A schema registry with Confluent's API; without a URL the checked-in schema ids are used."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    url: str | None = None


class Tls(StrEnum):
    """How the mail server is spoken to."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The mail server that the email gateway hands its mail to; `verify` checks its certificate and host name."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Port = 1025
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls = Tls.NONE
    verify: bool = True
    hostname: str = field(default_factory=socket.gethostname)
    sessions: Positive = 8
    timeout_seconds: Seconds = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The gateway that reaches nobody: which channels it takes in `tidings up`, and what it answers."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    channels: Channels = (Channel.SMS, Channel.VOICE, Channel.LETTER, Channel.WEBHOOK, Channel.SHORT_CODE)
    outcomes: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """The page behind unsubscribe links: its public address, where it listens, what its links are signed with."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    url: Annotated[str, Field(pattern=r"^https?://[^\s?#<>,]+$")] | None = None
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Port = 8026
    key_file: Path | None = None
    valid_days: Positive = 400


class OnStop(StrEnum):
    """What becomes of a worker's partitions when it is told to stop: kept for its return, or left to the others."""

    KEEP = "keep"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker or gateway; `name` is its static member id, so that it comes back to its own partitions."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = field(default_factory=socket.gethostname)
    commit_interval_seconds: Seconds = 1.0
    tick_interval_seconds: Seconds = 1.0
    http_host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    http_port: Port | None = None
    on_stop: OnStop = OnStop.KEEP
    standby_replicas: Annotated[int, Field(ge=0, le=7)] = 0
    quarantine_pause_seconds: Seconds = 60.0
    session_seconds: Annotated[float, Field(ge=10, le=60)] = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What is logged, and for whom: `console` for people, `json` for programs."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


def _default_home() -> Path:
    return Path.home() / ".local" / "share" / "tidings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Everything an installation can be told; `home` holds broker data, worker state and ledger stores."""

    kafka: Kafka = field(default_factory=Kafka)
    schema_registry: SchemaRegistry = field(default_factory=SchemaRegistry)
    smtp: Smtp = field(default_factory=Smtp)
    unsubscribe: Unsubscribe = field(default_factory=Unsubscribe)
    sandbox: Sandbox = field(default_factory=Sandbox)
    home: Path = field(default_factory=_default_home)
    worker: Worker = field(default_factory=Worker)
    log: Log = field(default_factory=Log)


class _Sources(BaseSettings):
    """Where settings come from; not public, because making one reads the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True, extra="forbid", hide_input_in_errors=True
    )

    kafka: Kafka = Field(default_factory=Kafka)
    schema_registry: SchemaRegistry = Field(default_factory=SchemaRegistry)
    smtp: Smtp = Field(default_factory=Smtp)
    unsubscribe: Unsubscribe = Field(default_factory=Unsubscribe)
    sandbox: Sandbox = Field(default_factory=Sandbox)
    home: Path = Field(default_factory=_default_home)
    worker: Worker = Field(default_factory=Worker)
    log: Log = Field(default_factory=Log)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, the file over the defaults."""
        return env_settings, TomlConfigSettingsSource(settings_cls, os.environ.get(FILE_VARIABLE))


def load() -> Installation:
    """The settings of this process; raises InvalidConfiguration with one fault per name or value that is wrong."""
    unknown = tuple(_unknown_variables())
    _require_file()
    try:
        found = _Sources()
    except ValidationError as error:
        raise InvalidConfiguration(*unknown, *(_fault(each) for each in error.errors())) from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfiguration(Fault(path=os.environ[FILE_VARIABLE], reason=f"is no TOML: {error}")) from None
    installation = Installation(
        kafka=found.kafka,
        schema_registry=found.schema_registry,
        smtp=found.smtp,
        unsubscribe=found.unsubscribe,
        sandbox=found.sandbox,
        home=found.home.expanduser().absolute(),
        worker=found.worker,
        log=found.log,
    )
    faults = (*unknown, *_kafka_faults(found.kafka), *_smtp_faults(found.smtp))
    if faults:
        raise InvalidConfiguration(*faults)
    return installation


def variable(*path: str) -> str:
    """The environment variable of a setting: `kafka`, `bootstrap_servers` → `TIDINGS_KAFKA__BOOTSTRAP_SERVERS`."""
    return PREFIX + "__".join(path).upper()


def _unknown_variables() -> Iterator[Fault]:
    """pydantic-settings looks only for the variables it knows, so a misspelt one would pass in silence."""
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name != FILE_VARIABLE:
            group = name.removeprefix(PREFIX).split("__")[0].lower()
            if group not in _Sources.model_fields:
                known = ", ".join(variable(each) for each in _Sources.model_fields)
                yield Fault(path=name, reason=f"no such setting; settings begin with {known}")


def _require_file() -> None:
    """pydantic-settings takes a file that is missing for an empty one."""
    path = os.environ.get(FILE_VARIABLE)
    if path is not None and not Path(path).is_file():
        raise InvalidConfiguration(Fault(path=FILE_VARIABLE, reason=f"names {path!r}, which is no file"))


def _fault(error: ErrorDetails) -> Fault:
    path = tuple(str(part) for part in error["loc"])
    variables = (variable(*path[:length]) for length in range(len(path), 0, -1))
    in_file = f"{os.environ.get(FILE_VARIABLE)}: {'.'.join(path)}"
    name = next((each for each in variables if each in os.environ), in_file)
    unknown = error["type"] in ("extra_forbidden", "unexpected_keyword_argument")
    return Fault(path=name, reason="no such setting" if unknown else reason_of(error))


def _kafka_faults(kafka: Kafka) -> Iterator[Fault]:
    """A start without the credentials it was told to use fails."""
    if kafka.security_protocol.uses_sasl:
        for name, value in (("sasl_username", kafka.sasl_username), ("sasl_password", kafka.sasl_password)):
            if not value:
                yield Fault(path=variable("kafka", name), reason=f"is needed with {kafka.security_protocol}")
    elif kafka.sasl_username or kafka.sasl_password:
        reason = f"is {kafka.security_protocol}, which takes no user name, and one is set"
        yield Fault(path=variable("kafka", "security_protocol"), reason=reason)
    if (kafka.ssl_certfile is None) != (kafka.ssl_keyfile is None):
        yield Fault(path=variable("kafka", "ssl_certfile"), reason="a certificate and its key come together")
    for name, path in (("cafile", kafka.ssl_cafile), ("certfile", kafka.ssl_certfile), ("keyfile", kafka.ssl_keyfile)):
        if path is not None and not path.is_file():
            yield Fault(path=variable("kafka", f"ssl_{name}"), reason=f"names {str(path)!r}, which is no file")
    if kafka.min_insync_replicas > kafka.replication_factor:
        reason = f"{kafka.min_insync_replicas} is more than the {kafka.replication_factor} replicas there are"
        yield Fault(path=variable("kafka", "min_insync_replicas"), reason=reason)


def _smtp_faults(smtp: Smtp) -> Iterator[Fault]:
    if (smtp.username is None) != (smtp.password is None):
        yield Fault(path=variable("smtp", "username"), reason="a user name and a password come together")
    if smtp.username is not None and smtp.tls is Tls.NONE and smtp.host not in _LOOPBACK:
        yield Fault(path=variable("smtp", "tls"), reason=f"a password would travel to {smtp.host} in the clear")
