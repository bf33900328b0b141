"""A Kafka that wants TLS and a password: everything gets in, and who does not is told why."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.integration.secure_broker import PASSWORD, USER, SecureBroker, secure_broker
from tests.integration.whole.running import reminded, start, texting
from tidings.cli.root import app

AUTHORITY, STRANGER = "the authority's file", "a stranger's file"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    with secure_broker(tmp_path_factory.mktemp("secure")) as running:
        yield running


def environment(broker: SecureBroker, **kafka: str | None) -> dict[str, str]:
    """The variables of a client that gets in, but for what is said otherwise."""
    files = {AUTHORITY: str(broker.authority), STRANGER: str(broker.stranger)}
    settings = {
        "BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_USERNAME": USER,
        "SASL_PASSWORD": PASSWORD,
        "SSL_CAFILE": AUTHORITY,
        **kafka,
    }
    return {f"TIDINGS_KAFKA__{name}": files.get(value, value) for name, value in settings.items() if value is not None}


def tidings(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *arguments: str) -> Result:
    for name in [name for name in os.environ if name.startswith("TIDINGS_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"])
def test_who_has_the_password_gets_in(broker: SecureBroker, monkeypatch: pytest.MonkeyPatch, mechanism: str) -> None:
    variables = environment(broker, SASL_MECHANISM=mechanism, TOPIC_PREFIX="lobby.")
    applied = tidings(monkeypatch, variables, "topics", "apply")
    assert (applied.exit_code, applied.stdout) == (0, "All topics are as they have to be.\n")
    assert tidings(monkeypatch, variables, "dead-letters", "list").stdout == "0 open, 0 replayed.\n"


REFUSALS: dict[str, tuple[dict[str, str | None], str]] = {
    "a wrong password": (
        {"SASL_PASSWORD": "battery staple"},
        "refuses user 'tidings' with SCRAM-SHA-512: the name or the password is wrong.",
    ),
    "a wrong password in plain": (
        {"SASL_MECHANISM": "PLAIN", "SASL_PASSWORD": "battery staple"},
        "refuses user 'tidings' with PLAIN: the name or the password is wrong.",
    ),
    "a user nobody knows": (
        {"SASL_USERNAME": "tydings"},
        "refuses user 'tydings' with SCRAM-SHA-512: the name or the password is wrong.",
    ),
    "another authority": (
        {"SSL_CAFILE": STRANGER},
        "is not trusted: self-signed certificate in certificate chain; TIDINGS_KAFKA__SSL_CAFILE names the authority",
    ),
    "no authority": ({"SSL_CAFILE": None}, "TIDINGS_KAFKA__SSL_CAFILE names the authority to trust."),
    "plaintext": (
        {"SECURITY_PROTOCOL": "PLAINTEXT", "SASL_USERNAME": None, "SASL_PASSWORD": None},
        "speaks TLS, and TIDINGS_KAFKA__SECURITY_PROTOCOL is PLAINTEXT.",
    ),
    "a password in plaintext": (
        {"SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
        "speaks TLS, and TIDINGS_KAFKA__SECURITY_PROTOCOL is SASL_PLAINTEXT.",
    ),
    "no password": (
        {"SECURITY_PROTOCOL": "SSL", "SASL_USERNAME": None, "SASL_PASSWORD": None},
        "hangs up on SSL: it may ask for a user name and password",
    ),
}


@pytest.mark.parametrize("how", REFUSALS)
def test_the_check_up_says_why_the_broker_does_not_let_us_in(
    broker: SecureBroker, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    kafka, wanted = REFUSALS[how]
    variables = environment(broker, **kafka)
    examined = tidings(monkeypatch, variables, "doctor")
    assert examined.exit_code == 1
    assert wanted in " ".join(examined.stdout.split())
    planned = tidings(monkeypatch, variables, "topics", "plan")
    assert planned.exit_code == 1
    assert wanted in planned.stderr
    assert "tidings broker start" not in planned.stderr


def test_a_certificate_for_another_name_is_said(broker: SecureBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = broker.bootstrap_servers.replace("127.0.0.1", "localhost")
    said = tidings(monkeypatch, environment(broker, BOOTSTRAP_SERVERS=elsewhere), "topics", "plan").stderr
    assert "is for another name: Hostname mismatch, certificate is not valid for 'localhost'." in said


def test_tls_against_a_port_without_it_is_said(
    broker: SecureBroker, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tidings(monkeypatch, environment(broker, BOOTSTRAP_SERVERS=kafka), "topics", "plan").stderr
    assert said == f"The port {kafka} does not speak TLS, and TIDINGS_KAFKA__SECURITY_PROTOCOL is SASL_SSL.\n"


def test_a_file_without_certificates_is_named(
    broker: SecureBroker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    said = tidings(monkeypatch, environment(broker, SSL_CAFILE=str(empty)), "topics", "plan")
    assert said.exit_code == 2
    assert f"No certificates or keys can be read in {empty}" in said.stderr


@pytest.mark.slow
def test_a_whole_installation_works_on_it(broker: SecureBroker, tmp_path: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    own = {"TIDINGS_HOME": str(tmp_path), "TIDINGS_WORKER__NAME": "secure", "TIDINGS_SMTP__PORT": "1"}
    up = start(variables | environment(broker) | own, tmp_path / "up.log", imap_port=0)
    try:
        published = up.publish(*texting("castle", ["+12025550101"]), reminded("castle", 0))
        assert published.returncode == 0, published.stderr
        statuses = up.records("delivery.statuses", lambda found: any(each["status"] == "delivered" for each in found))
        assert {each["to"] for each in statuses} == {"+12025550101"}
        assert "It was handed over for delivery." in up.tidings("why", "--tenant", "castle", "--contact", "c0").stdout
        examined = up.tidings("doctor").stdout
        assert "broker: Kafka 4" in examined
        assert "group tidings-gateway-sms: 1 member" in examined
        assert up.tidings("dead-letters", "list").stdout == "0 open, 0 replayed.\n"
    finally:
        up.stop()
