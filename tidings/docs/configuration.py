"""docs/reference/configuration.md: the variables of an installation."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any

from tidings.config import FILE_VARIABLE, Installation, variable
from tidings.docs.markdown import code, heading, page, table
from tidings.docs.wording import default_words, hints_of, sentences, type_words

_INTRO = f"""
An installation is told how it is set up by variables. `{FILE_VARIABLE}` may name a TOML file with the same names
in tables: `TIDINGS_KAFKA__BOOTSTRAP_SERVERS` is `bootstrap_servers` of table `[kafka]`. Variables win over the file. A
name that does not exist is refused, never ignored. `tidings doctor` says what is wrong with an installation.
"""
MEANINGS: Mapping[str, str] = {
    "kafka.bootstrap_servers": "The brokers. With the default, commands speak to the Kafka of `tidings broker start`.",
    "kafka.security_protocol": "How the brokers are spoken to. With TLS their certificate and host name are checked.",
    "kafka.sasl_mechanism": "How the user name and the password are proved.",
    "kafka.sasl_username": "Needed with SASL.",
    "kafka.sasl_password": "Needed with SASL.",
    "kafka.ssl_cafile": "The authority that signed the brokers' certificates, in PEM; unset: the system's.",
    "kafka.ssl_certfile": "This client's certificate, in PEM, where brokers ask for one.",
    "kafka.ssl_keyfile": "The key of that certificate.",
    "kafka.replication_factor": "Replicas of each topic that `tidings topics apply` makes. 3 in production.",
    "kafka.min_insync_replicas": "Replicas that must have a record before it counts. 2 in production.",
    "kafka.topic_prefix": "Stands before the name of every topic and consumer group.",
    "schema_registry.url": "Where schema ids come from, chosen for good; unset: those that ship with Tidings.",
    "smtp.host": "The mail server that takes the mail.",
    "smtp.port": "Its port: usually 587 with `starttls`, 465 with `tls`.",
    "smtp.username": "Where the mail server wants one; only with a password.",
    "smtp.password": "Only with a user name, and only encrypted or to this machine.",
    "smtp.tls": "Not at all, after STARTTLS, or from the first byte.",
    "smtp.verify": "Whether the mail server's certificate and host name are checked.",
    "smtp.hostname": "The name that the gateway gives itself in EHLO.",
    "smtp.sessions": "Connections at a time.",
    "smtp.timeout_seconds": "How long an answer is waited for.",
    "unsubscribe.url": "The public address of the page, `https://…`; without it, marketing mail names a mail address.",
    "unsubscribe.host": "Where the page listens; put a proxy with TLS before it.",
    "unsubscribe.port": "Its port.",
    "unsubscribe.key_file": "The keys that sign links, the newest first; without it, `unsubscribe.keys` in `home`.",
    "unsubscribe.valid_days": "How long a link works.",
    "sandbox.channels": "What `tidings gateway sandbox` takes: `sms,voice`; `none` leaves it out of `tidings up`.",
    "sandbox.outcomes": "A TOML file that says what becomes of messages; unset: all are delivered.",
    "home": "Where broker data, worker state and ledger stores are kept.",
    "worker.name": "The worker's own name; it comes back to its partitions by it. Give each worker another one.",
    "worker.commit_interval_seconds": "How often offsets are committed.",
    "worker.tick_interval_seconds": "How often the ticker ticks: timers are this much late at most.",
    "worker.http_host": "The address that `/metrics`, `/healthz` and `/readyz` are served on.",
    "worker.http_port": "The port they are served on, one for each process; unset: nothing is served.",
    "worker.on_stop": "Whether a process that is told to stop comes back soon, or leaves its partitions to the others.",
    "worker.standby_replicas": "Other workers that keep a copy of each partition's state; the same for all of a stage.",
    "worker.quarantine_pause_seconds": "How long a source rests after too many of its records were set aside.",
    "worker.session_seconds": "How long the partitions of a process that is gone are kept for its return; 10 to 60.",
    "log.level": "The least that is logged.",
    "log.format": "For people, or for programs.",
}


def configuration() -> str:
    """The page."""
    parts = [heading("An installation"), _table(field for field in fields(Installation) if not _section(field))]
    for field in fields(Installation):
        section = _section(field)
        if section is not None:
            parts += [heading(code(field.name)), sentences(section), _table(fields(section), field.name)]
    return page("Configuration", "`tidings/config.py`", _INTRO, *parts)


def _section(field: Field[Any]) -> type | None:
    found = hints_of(Installation)[field.name]
    return found if is_dataclass(found) and isinstance(found, type) else None


def _table(described: Iterator[Field[Any]] | tuple[Field[Any], ...], *path: str) -> str:
    return table(("variable", "type", "default", "meaning"), [_row(field, *path) for field in described])


def _row(field: Field[Any], *path: str) -> tuple[str, ...]:
    record = _section_named(*path)
    default = "this machine's name" if field.default_factory is socket.gethostname else default_words(field)
    name = ".".join((*path, field.name))
    hint = hints_of(record)[field.name]
    return code(variable(*path, field.name)), type_words(hint), default, MEANINGS[name]


def _section_named(*path: str) -> type:
    record: type = Installation
    for name in path:
        record = hints_of(record)[name]
    return record
