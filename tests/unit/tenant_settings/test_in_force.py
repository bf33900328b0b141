import pytest

from processors.settings import parse
from schemas.faults import Refused
from tests.unit.gateways.samples import NOON
from tidings.tenant_settings.in_force import MASK, Setting, settings_in_force
from tidings.tenant_settings.settings_file import SettingsFile, read_settings_file, write_settings_file
from tidings.tenant_settings.standing import change

DOCUMENT = {
    "name": "Pantry",
    "currency": "USD",
    "channels": {"sms": {"requested": True}, "webhook": {"url": "https://a.example/", "secret": "0123456789abcdef"}},
    "quiet_hours": {"start": "21:00", "end": "08:00"},
    "billing": {"sms": {"model": "per_segment", "price": "0.02"}},
    "staff": [{"id": "s1", "roles": ["admin"]}],
    "kinds": {"conversation": {"window": "PT2M"}},
    "templates": {"order_confirmation": {"fr": {"email": {"subject": "Bonjour"}}}},
}


def in_force() -> dict[str, Setting]:
    return {each.path: each for each in settings_in_force(DOCUMENT)}


def test_what_was_set_is_told_from_defaults() -> None:
    found = in_force()
    assert found["name"] == Setting(path="name", value="Pantry", is_default=False)
    assert found["kinds.conversation.window"] == Setting(
        path="kinds.conversation.window", value="PT2M", is_default=False
    )
    assert found["kinds.conversation.max_window"].is_default
    assert found["quiet_hours.zone"] == Setting(path="quiet_hours.zone", value="recipient", is_default=True)
    assert found["templates.order_confirmation.fr.email.subject"].value == "Bonjour"
    assert found["staff"].value == [{"id": "s1", "roles": ["admin"]}]
    assert found["kinds.quote_overdue.at"].value == "09:00"


def test_a_default_is_shown_only_where_it_may_be_written() -> None:
    """Whatever is shown as a default makes the same settings when it is written down."""
    document: dict[str, object] = {}
    for each in settings_in_force(DOCUMENT):
        if each.is_default:
            section = document
            *parents, last = each.path.split(".")
            for name in parents:
                section = section.setdefault(name, {})  # type: ignore[assignment]  # maps all the way down
            section[last] = each.value
    merged = _merged(DOCUMENT, document)
    assert parse(merged) == parse(DOCUMENT)


def _merged(some: object, more: object) -> object:
    if not isinstance(some, dict) or not isinstance(more, dict):
        return some
    return {**more, **{key: _merged(value, more.get(key, value)) for key, value in some.items()}}


def test_secrets_are_masked() -> None:
    assert in_force()["channels.webhook.secret"].value == MASK


def test_a_file_is_read_as_it_was_written() -> None:
    file = SettingsFile(tenant="pantry", version=4, settings=DOCUMENT)
    assert read_settings_file(write_settings_file(file)) == file


def test_a_key_that_holds_nothing_is_left_out() -> None:
    read = read_settings_file("tenant: pantry\nversion: 1\nsettings:\n  name:\n  channels: {sms: ~}\n")
    assert read.settings == {"channels": {}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tenant: pantry\nsettings: {}\n", "version: is missing"),
        ("tenant: pantry\nversion: 1\nsettings: {}\nextra: 1\n", "extra: unknown key"),
        ("tenant: pantry\nversion: -1\nsettings: {}\n", "version: "),
        ("tenant: [\n", "is not YAML"),
    ],
)
def test_a_file_of_another_shape_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read_settings_file(text)


def test_two_changes_of_one_version_are_one_event() -> None:
    """So the second is a redelivery of the first, and changes nothing."""
    mine = change(SettingsFile(tenant="pantry", version=4, settings={"name": "A"}), {}, "s1", NOON)
    yours = change(SettingsFile(tenant="pantry", version=4, settings={"name": "B"}), {}, None, NOON)
    assert (mine.tenant, mine.source, mine.id) == (yours.tenant, yours.source, yours.id)
    assert mine.id != change(SettingsFile(tenant="pantry", version=5, settings={}), {}, None, NOON).id
