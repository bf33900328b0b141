"""How the broker is: reachable, new enough, with the right topics, read without delay, on time."""

from collections.abc import AsyncIterator
from datetime import timedelta

from schemas.words import Channel
from streams.broker_facts import GroupLag, clock_ahead, lags, level
from streams.broker_release import OLDEST_LEVEL, release_of
from streams.naming import app_id
from streams.topics_admin import Mending, plan
from streams.topology import TOPOLOGY
from streams.unavailable import BrokerRefuses, NotAllowed, TopicMissing, Unavailable
from tidings.config import Installation
from tidings.dead_letters import Fate, read
from tidings.doctor.finding import Finding, fault, warning, well
from tidings.doctor.settings import settings

LAG_RECORDS = 10_000
CLOCK_SECONDS = 2.0
CLOCK_FAULT_SECONDS = 60.0


async def broker(installation: Installation) -> AsyncIterator[Finding]:
    """All that can be said of the broker; one that does not answer is said once."""
    kafka = installation.kafka
    try:
        found = await level(kafka)
    except BrokerRefuses as error:
        yield fault("broker", str(error), "docs/how-to/connect-to-your-kafka.md lists what to set.")
        return
    except Unavailable as error:
        advice = "tidings broker start" if kafka.is_local_default else "Check TIDINGS_KAFKA__… and the network."
        yield fault("broker", f"{str(error).rstrip('.')}.", advice)
        return
    release = f"Kafka {release_of(found)} answers at {kafka.bootstrap_servers}."
    if found < OLDEST_LEVEL:
        yield warning("broker", release, "Tidings is made for Kafka 4.0 and newer: update the broker.")
    else:
        yield well("broker", release)
    try:
        async for each in _in_use(installation):
            yield each
    except NotAllowed as error:
        yield fault(
            "rights", f"{str(error)[:1].upper()}{str(error)[1:]}.", "Ask whoever gives out rights on the broker."
        )


async def _in_use(installation: Installation) -> AsyncIterator[Finding]:
    """What a user with the rights of the doctor sees."""
    kafka = installation.kafka
    topics = await _topics(installation)
    yield topics
    if topics.level == "fault":
        return
    starts = _groups(installation)
    for each in await lags(kafka, list(starts)):
        yield _lag(each, starts[each.group])
    yield _clock(await clock_ahead(kafka))
    yield await settings(kafka)
    yield await _dead_letters(installation)


async def _topics(installation: Installation) -> Finding:
    differences = await plan(installation)
    if not differences:
        return well("topics", "All are as they have to be.")
    some = "; ".join(map(str, differences[:3])) + (f"; and {len(differences) - 3} more" if differences[3:] else "")
    if any(each.mending is Mending.CREATE for each in differences):
        return fault("topics", f"{some}.", "tidings topics apply")
    by_hand = any(each.mending is Mending.BY_HAND for each in differences)
    advice = "Partition and replica counts are fixed: see `tidings topics plan`." if by_hand else "tidings topics apply"
    return warning("topics", f"{some}.", advice)


def _groups(installation: Installation) -> dict[str, str]:
    """Every consumer group there has to be, with the command that starts a member of it."""
    prefix, sandbox = installation.kafka.topic_prefix, installation.sandbox.channels
    gateways = {
        f"{prefix}tidings-gateway-{channel}": f"tidings gateway {'sandbox' if channel in sandbox else channel}"
        for channel in dict.fromkeys((Channel.EMAIL, *sandbox))
    }
    workers = {app_id(installation, stage.name): f"tidings worker {stage.name}" for stage in TOPOLOGY}
    return workers | gateways


def _lag(lag: GroupLag, start: str) -> Finding:
    subject = f"group {lag.group}"
    behind = "has never read anything" if lag.records is None else f"is {lag.records:,} records behind"
    says = f"{lag.members} member{'s' if lag.members != 1 else ''}; it {behind}."
    if lag.members == 0:
        return warning(subject, says, f"{start}, or tidings up for all.")
    if lag.records is not None and lag.records > LAG_RECORDS:
        return warning(subject, says, "If it grows, start more of them on other machines, up to one a partition.")
    return well(subject, says)


def _clock(ahead: timedelta) -> Finding:
    seconds = ahead.total_seconds()
    says = f"The broker's clock is {abs(seconds):.2f} s {'ahead of' if seconds >= 0 else 'behind'} this machine's."
    advice = "Let both keep time by NTP: every message's hour is read off the broker's clock."
    if abs(seconds) > CLOCK_FAULT_SECONDS:
        return fault("clock", says, advice)
    if abs(seconds) > CLOCK_SECONDS:
        return warning("clock", says, advice)
    return well("clock", says)


async def _dead_letters(installation: Installation) -> Finding:
    try:
        letters = await read(installation.kafka)
    except TopicMissing as error:
        return fault("dead letters", str(error), "tidings topics apply")
    still_open = sum(each.fate is Fate.OPEN for each in letters)
    says = f"{still_open} open, {len(letters) - still_open} replayed."
    if still_open:
        return warning("dead letters", says, "tidings dead-letters list, mend what is wrong, then replay.")
    return well("dead letters", says)
