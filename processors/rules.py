"""A tenant's rules as kinds: the same record, made of settings in place of code."""

from collections.abc import Iterator
from functools import partial

from processors.criteria import BadCriterion, check
from processors.kind import Addressed, AfterActivity, AtOnce, DaysBefore, HoursBefore, Kind, Unmet
from processors.kinds import THREADS
from processors.known_variables import scope_of
from processors.phones import dialled
from processors.render import PARTS, template_faults
from processors.timing import Timing
from schemas.envelope import Event
from schemas.event_data import data_to_plain
from schemas.faults import Fault
from schemas.rule_settings import RuleSettings, kind_name
from schemas.rules import Rule, RuleTiming, is_literal
from schemas.values import mailbox_from_text, short_code_from_text
from schemas.words import Channel, InDoubt

UNHEARD = "delivery.reported"
"""The event that no rule answers: its message would be reported in turn, and so on without end."""
_IN_DOUBT = {Channel.LETTER: InDoubt.HOLD, Channel.WEBHOOK: InDoubt.RESEND}
_IN_DOUBT_ELSE = InDoubt.WAIT_THEN_RESEND


def kind_of(rule: Rule) -> Kind:
    """The kind that a rule stands for."""
    moved_by = _moved_by(rule)
    threads = [THREADS[event_type] for event_type in rule.on if event_type in THREADS]
    return Kind(
        name=kind_name(rule),
        on=(*rule.on, *(event_type for event_type in moved_by if event_type not in rule.on)),
        settings=RuleSettings,
        channels={rule.channel: timing_of(rule.timing)},
        audience=Addressed(to=rule.to),
        when=partial(concerns, rule),
        unless=(Unmet(expression=rule.when),) if rule.when is not None else (),
        exclusive_group=rule.exclusive_group,
        thread=threads[0] if threads else None,
        useful_until=rule.timing.field if rule.timing.hours_before is not None else None,
        programme=rule.programme,
        number="primary",
        in_doubt=_IN_DOUBT.get(rule.channel, _IN_DOUBT_ELSE),
    )


def concerns(rule: Rule, event: Event) -> bool:
    """Whether the event is of the project, the outcome and the attempt that the rule is linked to."""
    fields = data_to_plain(event.data) or {}
    if rule.project is not None and fields.get("project") != rule.project:
        return False
    if rule.outcome is not None and fields.get("outcome") not in rule.outcome:
        return False
    return rule.attempt is None or (type(fields.get("attempt")) is int and fields["attempt"] == rule.attempt)


def timing_of(timing: RuleTiming) -> Timing:
    """When the rule's message leaves."""
    if timing.days_before is not None:
        return DaysBefore(setting="days_before", of=timing.field)
    if timing.hours_before is not None:
        return HoursBefore(setting="hours_before", of=timing.field)
    return AfterActivity(setting="after") if timing.after is not None else AtOnce()


def rule_faults(number: int, rule: Rule, country: str | None) -> Iterator[Fault]:
    """What a rule asks for that cannot be done: bad criteria, templates and addresses, and what nobody could answer."""
    path = f"rules.{number}"
    for key, reason in (*_in_vain(rule), *_bad_sender(rule, country), *_bad_recipients(rule, country)):
        yield Fault(path=f"{path}.{key}", reason=reason)
    if rule.when is not None:
        try:
            check(rule.when)
        except BadCriterion as bad:
            yield Fault(path=f"{path}.when", reason=str(bad))
    scope = scope_of(kind_of(rule))
    for part in PARTS:
        source = getattr(rule, part)
        if source is not None:
            yield from template_faults(source, f"{path}.{part}", html=part == "html", scope=scope)


def _in_vain(rule: Rule) -> Iterator[tuple[str, str]]:
    for number, event_type in enumerate(rule.on):
        if event_type == UNHEARD:
            yield f"on.{number}", f"{event_type} is answered by no rule: its message would be reported in turn"
    if rule.business_days_only and rule.timing.days_before is None and rule.timing.hours_before is None:
        yield "business_days_only", "only goes with days_before or hours_before"


def _bad_sender(rule: Rule, country: str | None) -> Iterator[tuple[str, str]]:
    if rule.from_ is None:
        return
    match rule.channel:
        case Channel.EMAIL:
            try:
                mailbox_from_text(rule.from_)
            except ValueError as error:
                yield "from", str(error)
        case Channel.SHORT_CODE if not _is_short_code(rule.from_):
            yield "from", f"is no short code: {rule.from_!r}"
        case Channel.SMS | Channel.VOICE if dialled(rule.from_, rule.channel, country) is None:
            yield "from", f"is no phone number: {rule.from_!r}"
        case Channel.LETTER if not rule.from_.strip() or not rule.from_.isprintable():
            yield "from", f"must be a name on one line, not {rule.from_!r}"
        case Channel.WEBHOOK:
            yield "from", "is not said by a webhook"


def _bad_recipients(rule: Rule, country: str | None) -> Iterator[tuple[str, str]]:
    for number, entry in enumerate(rule.to):
        if is_literal(entry) and dialled(entry, rule.channel, country) is None:
            yield f"to.{number}", f"is no address on channel {rule.channel}: {entry!r}"
        elif entry.startswith("staff:") and rule.channel in (Channel.LETTER, Channel.WEBHOOK):
            yield f"to.{number}", f"staff have no address on channel {rule.channel}"


def _is_short_code(text: str) -> bool:
    try:
        return bool(short_code_from_text(text))
    except ValueError:
        return False


def _moved_by(rule: Rule) -> tuple[str, ...]:
    """The events that move what is counted from a date of the thread."""
    if rule.timing.days_before is None and rule.timing.hours_before is None:
        return ()
    opened = [THREADS[event_type] for event_type in rule.on if event_type in THREADS]
    return tuple(event_type for thread in opened for event_type in thread.moved_by)
