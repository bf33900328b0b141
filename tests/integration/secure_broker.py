"""A local Kafka that lets in only who has a password or a certificate, over TLS, with an authority of its own.

Where it authorizes, nobody has any right but whoever comes in by its plain port.
"""

import os
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local_kafka.config import (
    HOST,
    BrokerHome,
    BrokerSettings,
    logging_properties,
    properties_text,
    server_properties,
)
from deploy.local_kafka.jars import class_path
from deploy.local_kafka.java import find_java
from deploy.local_kafka.process import CLUSTER_ID, _command, _until, jvm_environment
from deploy.local_kafka.readiness import serves
from deploy.local_kafka.record import MAIN_CLASS
from tests.ports import free_port

USER, PASSWORD = "tidings", "correct horse"
START_SECONDS = 180.0
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout")
_DAYS = ("-days", "2")
_MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")


@dataclass(frozen=True, kw_only=True)
class SecureBroker:
    """A broker that answers; `authority` is the certificate to trust, `stranger` one that has signed nothing here."""

    bootstrap_servers: str
    authority: Path
    stranger: Path
    certificate_servers: str
    """The port that asks for a certificate instead of a password."""
    certificate: Path
    key: Path
    plain_servers: str
    """The port of whoever may do everything."""


@contextmanager
def secure_broker(home: Path, *, users: Collection[str] = (), authorizes: bool = False) -> Iterator[SecureBroker]:
    """A broker of its own, gone at the end. Its other listeners, for itself, are on the loopback address too.

    More users have the same password, with the mechanism PLAIN.
    """
    java, jars = find_java(os.environ), class_path(lambda _: None)
    place, port, certificate_port = BrokerHome(path=home / "kafka"), free_port(), free_port()
    place.path.mkdir(parents=True)
    authority, stranger = _authority(home, "authority"), _authority(home, "stranger")
    keys = _keys(home)
    plain = server_properties(place, BrokerSettings(port=free_port()), controller_port=free_port())
    secured = _secured(plain, port, keys, (USER, *users)) | _authorized(authorizes)
    secured = _with_certificates(secured, certificate_port, keys)
    place.properties.write_text(properties_text(plain | secured))
    place.logging.write_text(properties_text(logging_properties()))
    scram = [f"--add-scram={each}=[name={USER},password={PASSWORD}]" for each in _MECHANISMS if each != "PLAIN"]
    _run(
        *_command(place, java, jars, 128, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID),
        *("-c", str(place.properties), *scram),
    )
    with place.log.open("wb") as log:
        process = subprocess.Popen(
            _command(place, java, jars, 256, MAIN_CLASS, str(place.properties)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=jvm_environment(os.environ),
        )
    try:
        inside = int(plain["advertised.listeners"].rpartition(":")[2])
        assert _until(lambda: serves(inside), START_SECONDS), place.log.read_text()[-3000:]
        certificate, key = _signed(home, "client", f"/CN={USER}", "extendedKeyUsage=clientAuth")
        yield SecureBroker(
            bootstrap_servers=f"{HOST}:{port}",
            authority=authority,
            stranger=stranger,
            certificate_servers=f"{HOST}:{certificate_port}",
            certificate=certificate,
            key=key,
            plain_servers=f"{HOST}:{inside}",
        )
    finally:
        process.kill()
        process.wait()


def _authorized(authorizes: bool) -> dict[str, str]:
    if not authorizes:
        return {}
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }


def _with_certificates(secured: dict[str, str], port: int, keys: Path) -> dict[str, str]:
    """One more listener, which lets in who has a certificate of the authority."""
    name = "listener.name.certified.ssl"
    return secured | {
        "listeners": f"{secured['listeners']},CERTIFIED://{HOST}:{port}",
        "advertised.listeners": f"{secured['advertised.listeners']},CERTIFIED://{HOST}:{port}",
        "listener.security.protocol.map": f"{secured['listener.security.protocol.map']},CERTIFIED:SSL",
        f"{name}.client.auth": "required",
        f"{name}.keystore.type": "PEM",
        f"{name}.keystore.location": str(keys),
        f"{name}.truststore.type": "PEM",
        f"{name}.truststore.location": str(keys.with_name("authority.pem")),
    }


def _secured(plain: dict[str, str], port: int, keys: Path, users: Collection[str]) -> dict[str, str]:
    known = " ".join(f'user_{each}="{PASSWORD}"' for each in users)
    of_users = {
        "PLAIN": f"org.apache.kafka.common.security.plain.PlainLoginModule required {known};",
        "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    }
    return {
        "listeners": f"{plain['listeners']},SECURE://{HOST}:{port}",
        "advertised.listeners": f"{plain['advertised.listeners']},SECURE://{HOST}:{port}",
        "listener.security.protocol.map": f"{plain['listener.security.protocol.map']},SECURE:SASL_SSL",
        "sasl.enabled.mechanisms": ",".join(_MECHANISMS),
        "listener.name.secure.ssl.keystore.type": "PEM",
        "listener.name.secure.ssl.keystore.location": str(keys),
        **{f"listener.name.secure.{name.lower()}.sasl.jaas.config": login for name, login in of_users.items()},
    }


def _authority(home: Path, name: str) -> Path:
    """One that signs; all of them call themselves the same."""
    made, key = home / f"{name}.pem", home / f"{name}.key"
    may = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    _run("openssl", "req", "-x509", *_NEW_KEY, str(key), *_DAYS, "-subj", "/CN=an authority", *may, "-out", str(made))
    return made


def _keys(home: Path) -> Path:
    """The broker's key and the certificates that vouch for it, in one file."""
    certificate, key = _signed(home, "broker", "/CN=broker", f"subjectAltName=IP:{HOST}")
    keys = home / "broker-keys.pem"
    keys.write_text(key.read_text() + certificate.read_text())
    return keys


def _signed(home: Path, name: str, subject: str, extension: str) -> tuple[Path, Path]:
    """A certificate of the authority with that of the authority itself, and its key, as PEM files."""
    certificate, key = home / f"{name}.pem", home / f"{name}.key"
    request, extensions = home / f"{name}.request", home / f"{name}.extensions"
    _run("openssl", "req", "-new", *_NEW_KEY, str(key), "-subj", subject, "-out", str(request))
    extensions.write_text(f"{extension}\n")
    by = ("-CA", str(home / "authority.pem"), "-CAkey", str(home / "authority.key"), "-CAcreateserial")
    what = ("-in", str(request), "-extfile", str(extensions), *_DAYS, "-out", str(certificate))
    _run("openssl", "x509", "-req", *by, *what)
    certificate.write_text(certificate.read_text() + (home / "authority.pem").read_text())
    return certificate, key


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=jvm_environment(os.environ), check=False)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"
