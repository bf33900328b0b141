"""The settings that a decision rested on, found in its facts: path, value, and the version of the settings."""

from dataclasses import dataclass, fields

from processors.kinds import KINDS
from schemas.decision import Decision
from schemas.kind_settings import SHARED
from schemas.reasons import Reason, word
from schemas.rule_settings import PREFIX
from schemas.rules import Rule, RuleTiming
from schemas.settings import Settings

_SECTIONS = frozenset(field.name for field in fields(Settings))
_WHOLE = frozenset(
    {"support_agreement_until", "quiet_hours", "max_segments", "main_phone", "contact_email", "smtp_contact_email"}
)
"""Settings that facts name without a dot. `timezone` is none of them: there it is whichever zone counted."""
_OF_A_RULE = frozenset(field.name for field in fields(Rule))
_OF_ITS_TIMING = frozenset(field.name for field in fields(RuleTiming))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: its dotted path in the tenant's settings, and its value then. A rule's path names the rule's id."""

    path: str
    value: object

    @property
    def is_off(self) -> bool:
        """Whether switching it on, or giving it a value, is all that it takes."""
        return self.value is None or self.value is False


def settings_of(decision: Decision) -> tuple[Setting, ...]:
    """The settings among the facts of a decision, in their order; those that only its reason names come first."""
    if "status" in decision.facts:  # what a gateway reported: its `attempt` is not that of a rule
        return ()
    found = dict(_named_by_reason(decision))
    for fact, value in decision.facts.items():
        path = _path(fact, decision.kind)
        if path is not None:
            found.setdefault(path, value)
    return tuple(Setting(path=path, value=value) for path, value in found.items())


def _named_by_reason(decision: Decision) -> tuple[tuple[str, object], ...]:
    """What the facts need not repeat: the criteria stand in the reason itself."""
    reason, kind = decision.reason or "", decision.kind or ""
    if kind.startswith(PREFIX) and reason and word(reason) is Reason.CRITERIA_FALSE:
        return ((f"{_of_rule(kind)}.when", reason.partition(":")[2]),)
    return ()


def _path(fact: str, kind: str | None) -> str | None:
    """Where the setting stands that a fact names, be it by its path or by its name among those of the kind."""
    if fact in _WHOLE or ("." in fact and fact.partition(".")[0] in _SECTIONS):
        return fact
    if kind is None:
        return None
    if kind.startswith(PREFIX):
        timed = f"{_of_rule(kind)}.timing.{fact}" if fact in _OF_ITS_TIMING else None
        return f"{_of_rule(kind)}.{fact}" if fact in _OF_A_RULE else timed
    known = KINDS.get(kind)
    if known is None or fact not in {field.name for field in fields(known.settings)}:
        return None
    return f"kinds.{SHARED.get(kind, kind)}.{fact}"


def _of_rule(kind: str) -> str:
    return f"rules.{kind.removeprefix(PREFIX)}"
