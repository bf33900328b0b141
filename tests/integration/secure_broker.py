"""A local Kafka that lets in only who has a password, over TLS, with a certificate of an authority of its own."""

import os
import subprocess
from collections.abc import Iterator
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
from deploy.local_kafka.java import Java, find_java
from deploy.local_kafka.ports import free_port
from deploy.local_kafka.process import CLUSTER_ID, _command, _until, jvm_environment
from deploy.local_kafka.readiness import serves
from deploy.local_kafka.record import MAIN_CLASS

USER, PASSWORD = "tidings", "correct horse"
START_SECONDS = 90.0
_STORE_PASSWORD = "only-for-this-test"
_MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")


@dataclass(frozen=True, kw_only=True)
class SecureBroker:
    """A broker that answers; `authority` is the certificate to trust, `stranger` one that has signed nothing here."""

    bootstrap_servers: str
    authority: Path
    stranger: Path


@contextmanager
def secure_broker(home: Path) -> Iterator[SecureBroker]:
    """A broker of its own, gone at the end. Its other listeners, for itself, are on the loopback address too."""
    java, jars = find_java(os.environ), class_path(lambda _: None)
    place, port = BrokerHome(path=home / "kafka"), free_port()
    place.path.mkdir(parents=True)
    authority, stranger, keys = _certificates(java, home)
    plain = server_properties(place, BrokerSettings(port=free_port()), controller_port=free_port())
    place.properties.write_text(properties_text(plain | _secured(plain, port, keys)))
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
        yield SecureBroker(bootstrap_servers=f"{HOST}:{port}", authority=authority, stranger=stranger)
    finally:
        process.kill()
        process.wait()


def _secured(plain: dict[str, str], port: int, keys: Path) -> dict[str, str]:
    of_users = {
        "PLAIN": f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
        "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    }
    return {
        "listeners": f"{plain['listeners']},SECURE://{HOST}:{port}",
        "advertised.listeners": f"{plain['advertised.listeners']},SECURE://{HOST}:{port}",
        "listener.security.protocol.map": f"{plain['listener.security.protocol.map']},SECURE:SASL_SSL",
        "sasl.enabled.mechanisms": ",".join(_MECHANISMS),
        "listener.name.secure.ssl.keystore.type": "PKCS12",
        "listener.name.secure.ssl.keystore.location": str(keys),
        "listener.name.secure.ssl.keystore.password": _STORE_PASSWORD,
        **{f"listener.name.secure.{name.lower()}.sasl.jaas.config": login for name, login in of_users.items()},
    }


def _certificates(java: Java, home: Path) -> tuple[Path, Path, Path]:
    """An authority, a stranger who calls itself the same, and the broker's own keys."""
    keys = home / "broker.p12"
    authority, stranger = (_authority(java, store, home) for store in (keys, home / "stranger.p12"))
    broker = ("-dname", "CN=broker", "-ext", f"san=ip:{HOST}", "-signer", "authority")
    _keytool(java, keys, "-genkeypair", "-alias", "broker", "-keyalg", "EC", "-validity", "2", *broker)
    # With two keys the broker might present the authority's.
    _keytool(java, keys, "-delete", "-alias", "authority")
    return authority, stranger, keys


def _authority(java: Java, store: Path, home: Path) -> Path:
    made = home / f"{store.stem}-authority.pem"
    said = ("-alias", "authority", "-dname", "CN=an authority", "-ext", "bc:c", "-ext", "ku:c=keyCertSign")
    _keytool(java, store, "-genkeypair", "-keyalg", "EC", "-validity", "2", *said)
    _keytool(java, store, "-exportcert", "-rfc", "-alias", "authority", "-file", str(made))
    return made


def _keytool(java: Java, store: Path, *arguments: str) -> None:
    of_store = ("-keystore", str(store), "-storetype", "PKCS12", "-storepass", _STORE_PASSWORD)
    _run(str(java.path.with_name("keytool")), *arguments, *of_store)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=jvm_environment(os.environ), check=False)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"
