"""Why a broker does not let us in, in words: aiokafka says of every cause that it cannot bootstrap.

Each bootstrap server is knocked at once more, step by step: the connection, TLS, the password.
"""

import asyncio
import ssl

from aiokafka.conn import create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from tidings.config import Kafka, variable
from tidings.security import client_security

_KNOCK_SECONDS = 5.0
_PROTOCOL = variable("kafka", "security_protocol")


async def why_closed(kafka: Kafka) -> str | None:
    """A sentence without its full stop, about the first server that tells more than silence; None when none does."""
    for server in kafka.bootstrap_servers.split(","):
        host, _, port = server.strip().rpartition(":")
        if port.isdecimal():
            said = await _knock(kafka, host.strip("[]"), int(port))
            if said is not None:
                return said
    return None


async def _knock(kafka: Kafka, host: str, port: int) -> str | None:
    server, protocol = f"{host}:{port}", kafka.security_protocol
    try:
        connection = await create_conn(
            host, port, request_timeout_ms=int(_KNOCK_SECONDS * 1000), **client_security(kafka)
        )
    except (SaslAuthenticationFailed, UnsupportedSaslMechanismError, IllegalSaslStateError) as error:
        return _refused(kafka, server, error)
    except ssl.SSLCertVerificationError as error:
        return _untrusted(server, error)
    except (TimeoutError, KafkaError, OSError) as error:
        if isinstance(error.__cause__, ssl.SSLError) and _is_about_ours(error.__cause__):
            return _wants_certificate(kafka, server)
        return await _other_protocol(kafka, host, port)
    connection.close()
    if protocol.uses_sasl:
        return None
    return f"The broker at {server} hangs up on {protocol}: it may ask for a user name and password, see {_PROTOCOL}"


def _refused(kafka: Kafka, server: str, error: KafkaError) -> str:
    if isinstance(error, SaslAuthenticationFailed):
        who = f"user {kafka.sasl_username!r} with {kafka.sasl_mechanism}"
        return f"The broker at {server} refuses {who}: the name or the password is wrong"
    mechanism = variable("kafka", "sasl_mechanism")
    return f"The broker at {server} does not take {kafka.sasl_mechanism} ({mechanism})"


def _untrusted(server: str, error: ssl.SSLCertVerificationError) -> str:
    why = error.verify_message.rstrip(".")
    if "mismatch" in why:
        return f"The certificate of the broker at {server} is for another name: {why}"
    cafile = variable("kafka", "ssl_cafile")
    return f"The certificate of the broker at {server} is not trusted: {why}; {cafile} names the authority to trust"


def _is_about_ours(error: ssl.SSLError) -> bool:
    """Whether the broker hung up because of our certificate, or for want of one."""
    return any(word in (error.reason or "") for word in ("CERTIFICATE", "UNKNOWN_CA"))


def _wants_certificate(kafka: Kafka, server: str) -> str:
    if kafka.ssl_certfile:
        return f"The broker at {server} does not take the certificate in {kafka.ssl_certfile}"
    files = f"{variable('kafka', 'ssl_certfile')} and {variable('kafka', 'ssl_keyfile')}"
    return f"The broker at {server} asks for a certificate of yours: {files} name it and its key"


async def _other_protocol(kafka: Kafka, host: str, port: int) -> str | None:
    """Whether the port speaks TLS, if it should not, or does not, if it should."""
    speaks_tls = await _speaks_tls(host, port)
    if speaks_tls is None or speaks_tls is kafka.security_protocol.uses_tls:
        return None
    how = "speaks TLS" if speaks_tls else "does not speak TLS"
    return f"The port {host}:{port} {how}, and {_PROTOCOL} is {kafka.security_protocol}"


async def _speaks_tls(host: str, port: int) -> bool | None:
    """None when nothing answers; the certificate does not matter here, for nothing is said."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(_KNOCK_SECONDS):
            _, plain = await asyncio.open_connection(host, port)
            plain.close()
    except (OSError, TimeoutError):
        return None
    try:
        async with asyncio.timeout(_KNOCK_SECONDS):
            _, encrypted = await asyncio.open_connection(host, port, ssl=context)
            encrypted.close()
    except (OSError, TimeoutError):
        return False
    return True
