"""What a rule sets, as kinds have their settings: when it is due, what it says, and whom it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from schemas.kind_settings import KindSettings
from schemas.message import File
from schemas.rule_files import files_of
from schemas.rules import Rule
from schemas.settings_sections import Template
from schemas.words import Channel

PREFIX = "rule:"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings(KindSettings):
    """One rule's settings; of `hours_before`, `days_before` and `after` at most one is set."""

    words: Template = field(default_factory=Template)
    from_: str | None = None
    hours_before: float | None = None
    days_before: int | None = None
    at: time = time(13)
    after: timedelta | None = None
    business_days_only: bool = False
    invitation: bool = False
    holidays: tuple[date, ...] = ()
    files: tuple[File, ...] = ()


def kind_name(rule: Rule) -> str:
    """The name that a rule's messages and decisions bear."""
    return f"{PREFIX}{rule.id}"


def settings_of(rule: Rule, holidays: Sequence[date]) -> RuleSettings:
    """The settings that a rule stands for; a mail without a subject has an empty one."""
    subject = rule.subject if rule.channel is not Channel.EMAIL else rule.subject or ""
    return RuleSettings(
        category="marketing" if rule.class_ == "marketing" else "service",
        number="primary",
        late_policy=rule.late_policy,
        words=Template(subject=subject, text=rule.text, html=rule.html),
        from_=rule.from_,
        hours_before=rule.timing.hours_before,
        days_before=rule.timing.days_before,
        at=rule.timing.clock_time,
        after=rule.timing.after,
        business_days_only=rule.business_days_only,
        invitation=rule.invitation,
        holidays=tuple(holidays),
        files=files_of(rule.images, rule.attachments),
    )
