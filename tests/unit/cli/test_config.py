import os
from pathlib import Path

import pytest

from tidings.config import LOCAL_BOOTSTRAP_SERVERS, InvalidConfiguration, SecurityProtocol, Tls, load


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TIDINGS_")]:
        monkeypatch.delenv(name)


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_without_any_setting_the_local_broker_and_mail_server_are_used() -> None:
    installation = load()
    assert installation.kafka.bootstrap_servers == LOCAL_BOOTSTRAP_SERVERS
    assert installation.kafka.is_local_default
    assert (installation.smtp.host, installation.smtp.port) == ("127.0.0.1", 1025)
    assert installation.home == Path.home() / ".local" / "share" / "tidings"


def test_a_variable_wins_over_the_file_and_the_file_over_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'home = "~/somewhere"\n[kafka]\nbootstrap_servers = "file:1"\nreplication_factor = 3\n'
    monkeypatch.setenv("TIDINGS_CONFIG", write(tmp_path / "tidings.toml", text))
    monkeypatch.setenv("TIDINGS_KAFKA__BOOTSTRAP_SERVERS", "variable:1")
    installation = load()
    assert installation.kafka.bootstrap_servers == "variable:1"
    assert installation.kafka.replication_factor == 3
    assert installation.kafka.min_insync_replicas == 1
    assert installation.home == Path.home() / "somewhere"


def test_words_become_what_they_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_KAFKA__SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("TIDINGS_KAFKA__SASL_USERNAME", "tidings")
    monkeypatch.setenv("TIDINGS_KAFKA__SASL_PASSWORD", "secret")
    monkeypatch.setenv("TIDINGS_SMTP__TLS", "starttls")
    monkeypatch.setenv("TIDINGS_SMTP__VERIFY", "false")
    installation = load()
    assert installation.kafka.security_protocol is SecurityProtocol.SASL_SSL
    assert installation.smtp.tls is Tls.STARTTLS
    assert installation.smtp.verify is False
    assert "secret" not in repr(installation)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"TIDINGS_SANDBOX__CHANNELS": "sms,fax"}, 'TIDINGS_SANDBOX__CHANNELS: must be one of email, .*, not "fax"'),
        ({"TIDINGS_KAFKA__BOOTSTRAP_SERVER": "x"}, "TIDINGS_KAFKA__BOOTSTRAP_SERVER: no such setting"),
        ({"TIDINGS_KAFAK__BOOTSTRAP_SERVERS": "x"}, "TIDINGS_KAFAK__BOOTSTRAP_SERVERS: no such setting"),
        (
            {"TIDINGS_KAFKA__REPLICATION_FACTOR": "0"},
            'TIDINGS_KAFKA__REPLICATION_FACTOR: must be at least 1, not "0"',
        ),
        ({"TIDINGS_SMTP__PORT": "mail"}, 'TIDINGS_SMTP__PORT: must be a whole number, not "mail"'),
        ({"TIDINGS_SMTP__TLS": "yes"}, 'TIDINGS_SMTP__TLS: must be one of none, starttls, tls, not "yes"'),
        ({"TIDINGS_LOG__LEVEL": "loud"}, "TIDINGS_LOG__LEVEL: must be one of debug, "),
        ({"TIDINGS_WORKER__NAME": "a b"}, "TIDINGS_WORKER__NAME: "),
        ({"TIDINGS_KAFKA__SECURITY_PROTOCOL": "SASL_SSL"}, "TIDINGS_KAFKA__SASL_PASSWORD: is needed with SASL_SSL"),
        ({"TIDINGS_KAFKA__SASL_USERNAME": "me"}, "TIDINGS_KAFKA__SECURITY_PROTOCOL: is PLAINTEXT, which takes no user"),
        ({"TIDINGS_KAFKA__SSL_CERTFILE": "/nope"}, "a certificate and its key come together"),
        ({"TIDINGS_KAFKA__SSL_CAFILE": "/nope"}, "TIDINGS_KAFKA__SSL_CAFILE: names '/nope', which is no file"),
        ({"TIDINGS_KAFKA__MIN_INSYNC_REPLICAS": "2"}, "2 is more than the 1 replicas"),
        ({"TIDINGS_SMTP__USERNAME": "me"}, "a user name and a password come together"),
        (
            {"TIDINGS_SMTP__USERNAME": "me", "TIDINGS_SMTP__PASSWORD": "x", "TIDINGS_SMTP__HOST": "mail.example"},
            "a password would travel to mail.example in the clear",
        ),
        ({"TIDINGS_CONFIG": "/nope.toml"}, "TIDINGS_CONFIG: names '/nope.toml', which is no file"),
    ],
)
def test_what_does_not_hold_is_named(variables: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidConfiguration, match=message):
        load()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[kafka]\nbootstrap_server = 'x'\n", "tidings.toml: kafka.bootstrap_server: no such setting"),
        ("[kafak]\n", "tidings.toml: kafak: no such setting"),
        ("[kafka\n", "is no TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_the_file(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_CONFIG", write(tmp_path / "tidings.toml", text))
    with pytest.raises(InvalidConfiguration, match=message):
        load()


def test_all_faults_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_SMTP__PORT", "0")
    monkeypatch.setenv("TIDINGS_LOG__FORMAT", "xml")
    monkeypatch.setenv("TIDINGS_HOM", "/tmp")
    with pytest.raises(InvalidConfiguration) as caught:
        load()
    assert {fault.path for fault in caught.value.faults} == {"TIDINGS_HOM", "TIDINGS_SMTP__PORT", "TIDINGS_LOG__FORMAT"}
