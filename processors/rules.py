"""A tenant's rules as kinds: the same record, made of settings in place of code."""

from collections.abc import Callable, Iterator
from functools import partial

from processors.criteria import BadCriterion, check
from processors.kind import Addressed, AfterActivity, AtOnce, DaysBefore, HoursBefore, Kind, Unmet
from processors.kinds import THREADS
from processors.known_variables import scope_on
from processors.phones import dialled
from processors.render import PARTS, template_faults
from processors.template_reader import OPEN, Scope
from processors.text_cost import length_faults
from processors.timing import Timing
from schemas.envelope import Event
from schemas.event_data import data_to_plain
from schemas.faults import Fault
from schemas.partial import readable, unless_unread, where_read
from schemas.rule_settings import RuleSettings, kind_name
from schemas.rules import BY_ANY_WORDS, Rule, RuleTiming, is_literal, is_recipient
from schemas.settings import Settings
from schemas.values import mailbox_from_text, short_code_from_text
from schemas.words import Channel, InDoubt

UNHEARD = "delivery.reported"
"""The event that no rule answers: its message would be reported in turn, and so on without end."""
_IN_DOUBT = {Channel.LETTER: InDoubt.HOLD, Channel.WEBHOOK: InDoubt.RESEND}
_IN_DOUBT_ELSE = InDoubt.WAIT_THEN_RESEND


def kind_of(rule: Rule) -> Kind:
    """The kind that a rule stands for."""
    threads = [THREADS[event_type] for event_type in rule.on if event_type in THREADS]
    return Kind(
        name=kind_name(rule),
        on=heard_by(rule),
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


def heard_by(rule: Rule) -> tuple[str, ...]:
    """The events that concern a rule: those that it names, and those that move what is counted from their dates."""
    moved_by: tuple[str, ...] = ()
    if rule.timing.days_before is not None or rule.timing.hours_before is not None:
        opened = [THREADS[event_type] for event_type in rule.on if event_type in THREADS]
        moved_by = tuple(event_type for thread in opened for event_type in thread.moved_by)
    return (*rule.on, *(event_type for event_type in moved_by if event_type not in rule.on))


def rule_faults(number: int, rule: Rule, settings: Settings) -> Iterator[Fault]:
    """What a rule asks for that cannot be done: bad criteria, templates and addresses, and what nobody could answer.

    A rule that was read in part is looked at as far as it goes.
    """
    path = f"rules.{number}"
    for look in (_unheard, _no_day, _bad_sender, _bad_recipients, _bad_criterion):
        for fault in where_read(look)(rule, settings):
            yield Fault(path=f"{path}.{fault.path}", reason=fault.reason)
    scope = unless_unread(partial(_scope, rule), OPEN)
    for part in PARTS:
        yield from _part_faults(rule, part, path, scope, settings)


def _scope(rule: Rule) -> Scope:
    return scope_on(heard_by(rule)) if all(isinstance(each, str) for each in rule.on) else OPEN


@where_read
def _part_faults(rule: Rule, part: str, path: str, scope: Scope, settings: Settings) -> Iterator[Fault]:
    source = getattr(rule, part)
    if source is None:
        return
    found = list(template_faults(source, f"{path}.{part}", html=part == "html", scope=scope))
    yield from found
    if part == "text" and not found:
        yield from length_faults(source, rule.channel, f"{path}.{part}", settings)


def _unheard(rule: Rule, _: Settings) -> Iterator[Fault]:
    for number, event_type in readable(rule.on):
        if event_type == UNHEARD:
            reason = f"{event_type} is answered by no rule: its message would be reported in turn"
            yield Fault(path=f"on.{number}", reason=reason)


def _no_day(rule: Rule, _: Settings) -> Iterator[Fault]:
    if rule.business_days_only and rule.timing.days_before is None and rule.timing.hours_before is None:
        yield Fault(path="business_days_only", reason="only goes with days_before or hours_before")


def _bad_criterion(rule: Rule, _: Settings) -> Iterator[Fault]:
    if rule.when is not None and rule.channel is not Channel.SMS:  # there it is refused whatever it says
        try:
            check(rule.when)
        except BadCriterion as bad:
            yield Fault(path="when", reason=str(bad))


def _bad_sender(rule: Rule, settings: Settings) -> Iterator[Fault]:
    reason = None if rule.from_ is None else _wrong_sender(rule.from_, rule.channel, settings)
    if reason is not None:
        yield Fault(path="from", reason=reason)


def _wrong_sender(sender: str, channel: Channel, settings: Settings) -> str | None:
    match channel:
        case Channel.EMAIL:
            return _why_not(mailbox_from_text, sender)
        case Channel.SHORT_CODE:
            return _why_not(short_code_from_text, sender)
        case Channel.SMS | Channel.VOICE if dialled(sender, channel, settings.country) is None:
            return f"is no phone number: {sender!r}"
        case Channel.LETTER if not sender.strip() or not sender.isprintable():
            return f"must be a name on one line, not {sender!r}"
        case Channel.WEBHOOK:
            return "is not said by a webhook"
    return None


def _why_not(read: Callable[[str], str], text: str) -> str | None:
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return None


def _bad_recipients(rule: Rule, settings: Settings) -> Iterator[Fault]:
    for number, entry in readable(rule.to):
        if is_literal(entry) and (rule.channel in BY_ANY_WORDS or is_recipient(entry)):
            if dialled(entry, rule.channel, settings.country) is None:
                yield Fault(path=f"to.{number}", reason=f"is no address on channel {rule.channel}: {entry!r}")
        elif entry.startswith("staff:") and rule.channel in BY_ANY_WORDS:
            yield Fault(path=f"to.{number}", reason=f"staff have no address on channel {rule.channel}")
