"""How every client of the broker proves who it is: one setting block for workers, gateways and administration alike."""

import ssl
from typing import TypedDict

from schemas.faults import Fault, Refused
from tidings.config import Kafka


class ClientSecurity(TypedDict):
    """The keyword arguments that aiokafka's clients and admin client take."""

    security_protocol: str
    ssl_context: ssl.SSLContext | None
    sasl_mechanism: str
    sasl_plain_username: str | None
    sasl_plain_password: str | None


def client_security(kafka: Kafka) -> ClientSecurity:
    """What every aiokafka client of this installation is made with; the broker's host name is always verified."""
    return ClientSecurity(
        security_protocol=kafka.security_protocol.value,
        ssl_context=_tls(kafka) if kafka.security_protocol.uses_tls else None,
        sasl_mechanism=kafka.sasl_mechanism,
        sasl_plain_username=kafka.sasl_username,
        sasl_plain_password=kafka.sasl_password,
    )


def _tls(kafka: Kafka) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(kafka.ssl_cafile) if kafka.ssl_cafile else None)
        if kafka.ssl_certfile and kafka.ssl_keyfile:
            context.load_cert_chain(kafka.ssl_certfile, kafka.ssl_keyfile)
    except OSError as error:  # an SSLError is one
        files = ", ".join(str(each) for each in (kafka.ssl_cafile, kafka.ssl_certfile, kafka.ssl_keyfile) if each)
        raise Refused(Fault(path="", reason=f"no certificates or keys can be read in {files}: {error}")) from None
    return context
