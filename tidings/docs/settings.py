"""docs/reference/settings.md: everything a tenant may set."""

from dataclasses import fields

from processors.kinds import KINDS
from processors.rules import UNHEARD
from schemas.kind_settings import KIND_SETTINGS, PLANNED, SHARED, KindSettings
from schemas.rules import Rule, RuleTiming
from schemas.settings import Settings
from schemas.settings_sections import KindTemplates
from tidings.docs.fields import field_table
from tidings.docs.markdown import code, heading, page
from tidings.docs.meanings_of_settings import MEANINGS
from tidings.docs.wording import nested_records, sentences

_INTRO = """
Settings are changed by the event `settings.changed`, whose `data` is a JSON merge patch (RFC 7396): what is named is
replaced, `null` removes, what is not named stays. A change whose result is not valid is refused as a whole, with one
message per fault, and a key that does not exist is a fault. [How to change settings](../how-to/change-settings.md).
"""
_KINDS = """
Every kind has these, under `kinds.<kind>`. `late_policy` may only be set for kinds that are planned before a time.
"""
_TEMPLATES = """
`templates.<kind>.<channel>` holds the tenant's own words of a built-in message, as Jinja2 sources; what is not given
keeps the built-in words. `templates.<kind>.<locale>.<channel>` holds those for a locale such as `fr-CA` or a language
such as `fr`; what such words leave out, subject or body, is taken from the next: `fr-CA`, `fr`, those without a locale.
"""
_ACTED_ON = f"""
All settings below are checked, and have an effect as far as there are [kinds](kinds.md) and gateways that look at them.
Letters and webhooks leave as delivery commands, which the [sandbox](../how-to/use-the-sandbox.md) takes until there are
gateways. Rules may answer any event but {code(UNHEARD)}: their messages would be reported in turn.
"""
_NO_KIND = "There is no such kind yet: these are checked and have no effect."
_OWN_PARTS = (KindSettings, Rule, RuleTiming, KindTemplates)


def settings() -> str:
    """The page."""
    parts = [heading("What acts on them"), _ACTED_ON, heading("At the top"), field_table(Settings, MEANINGS)]
    for record in nested_records(Settings):
        if record not in _OWN_PARTS:
            parts += [heading(record.__name__), sentences(record), field_table(record, MEANINGS)]
    parts += [heading("Kinds"), _KINDS, field_table(KindSettings, MEANINGS), *_kinds()]
    parts += [heading("Templates"), _TEMPLATES]
    parts += [heading("Rule"), sentences(Rule), field_table(Rule, MEANINGS)]
    parts += [heading("RuleTiming"), sentences(RuleTiming), field_table(RuleTiming, MEANINGS)]
    return page("Settings", "`schemas/settings.py`", _INTRO, *parts)


def _kinds() -> list[str]:
    parts: list[str] = []
    common = {field.name for field in fields(KindSettings)}
    for name, record in KIND_SETTINGS.items():
        changed = {field.name for field in fields(record) if record.__annotations__.get(field.name)}
        without = common - changed - ({"late_policy"} if record in PLANNED else set())
        described = field_table(record, MEANINGS, without=without)
        if described and name not in SHARED:
            note = "" if name in KINDS else _NO_KIND
            parts += [heading(code(f"kinds.{name}"), 3), sentences(record), note, described]
    return parts
