"""The laws that hold after any storm, as far as gateways and their provider are concerned."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from gateways.ledger import OFFSET_HEADER
from schemas import codec
from schemas.candidate import Withdrawal
from schemas.clock import from_millis
from schemas.consent import Consent
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry
from schemas.message import Message
from schemas.topics import CONSENTS, STATUSES
from schemas.words import InDoubt, Status
from tests.simulation.broker import Broker
from tests.simulation.office import COMMANDS, CONSENT_LAG, LEDGER
from tests.simulation.post import Post

_decode = lru_cache(maxsize=1 << 14)(codec.decode)
"""The laws look at the same records again and again."""


def unreported(broker: Broker, numbers: Sequence[int]) -> Iterator[str]:
    """The messages that ended and whose end has not been reported yet."""
    reported = _statuses(broker, numbers)
    for message_id, entry in newest_entries(broker, numbers).items():
        if entry.state.is_final and not _is_reported(entry, reported):
            yield message_id


def _is_reported(entry: LedgerEntry, reported: Mapping[str, Sequence[DeliveryStatus]]) -> bool:
    return entry.status is None or entry.status in reported[entry.message_id]


def gateway_laws(broker: Broker, numbers: Sequence[int], messages: Mapping[str, Message], post: Post) -> Iterator[str]:
    """What is broken."""
    reported, newest = _statuses(broker, numbers), newest_entries(broker, numbers)
    for message in messages.values():
        entry = newest.get(message.message_id)
        if entry is None or not entry.state.is_final:
            yield f"{message.message_id} has no end: {entry}"
            continue
        yield from _message_laws(message, entry, reported[message.message_id], post.accepted[message.message_id])
        if not _is_reported(entry, reported):
            yield f"{message.message_id} ended as {entry.state} and that was not reported"
    for number in numbers:
        yield from _order_laws(broker, number)
        yield from _gate_laws(broker, number)
        yield from _withdrawal_laws(broker, number)


def newest_entries(broker: Broker, numbers: Sequence[int]) -> dict[str, LedgerEntry]:
    """What counts of each message."""
    return {entry.message_id: entry for number in numbers for _, entry in _entries(broker, number)}


def _entries(broker: Broker, number: int) -> Iterator[tuple[float, LedgerEntry]]:
    """The entries of one ledger that are not void, with the instants at which they came to stand there."""
    times = broker.appended_at[LEDGER, number]
    for at, record in zip(times, broker.history[LEDGER, number], strict=True):
        claimed = dict(record.headers).get(OFFSET_HEADER, b"").decode()
        if record.value is not None and claimed in ("", str(record.offset)):
            entry = _decode(record.value)
            assert isinstance(entry, LedgerEntry)
            yield at, entry


def _statuses(broker: Broker, numbers: Sequence[int]) -> dict[str, list[DeliveryStatus]]:
    found: defaultdict[str, list[DeliveryStatus]] = defaultdict(list)
    for number in numbers:
        for record in broker.history[STATUSES.name, number]:
            status = _decode(record.value or b"")
            assert isinstance(status, DeliveryStatus)
            found[status.message_id].append(status)
    return found


def _message_laws(
    message: Message, entry: LedgerEntry, reported: Sequence[DeliveryStatus], accepted: int
) -> Iterator[str]:
    """Accepted once, or as often more as it is listed as doubtful; and it is known how it ended."""
    name = message.message_id
    doubts = {status.attempt for status in reported if status.status is Status.DOUBTFUL}
    if accepted > 1 + len(doubts):
        yield f"{name} was accepted {accepted} times and listed as doubtful {len(doubts)} times"
    if accepted > 1 and message.in_doubt in (InDoubt.DROP, InDoubt.HOLD):
        yield f"{name} must not be sent again in doubt and was accepted {accepted} times"
    if accepted and not doubts and entry.state is not AttemptState.ACCEPTED:
        yield f"{name} was accepted by the post and ended as {entry.state}, without a doubt"
    if entry.state is AttemptState.ACCEPTED and not accepted:
        yield f"{name} ended as accepted and the post knows nothing of it"


def _order_laws(broker: Broker, number: int) -> Iterator[str]:
    """What is reported as accepted stands in the ledger before, unless it is in doubt."""
    accepted_at: dict[tuple[str, int], float] = {}
    doubtful = set()
    for at, entry in _entries(broker, number):
        attempt = (entry.message_id, entry.attempt)
        if entry.state is AttemptState.ACCEPTED:
            accepted_at.setdefault(attempt, at)
        elif entry.state in (AttemptState.DOUBTFUL, AttemptState.UNKNOWN):
            doubtful.add(attempt)
    times = broker.appended_at[STATUSES.name, number]
    for at, record in zip(times, broker.history[STATUSES.name, number], strict=True):
        status = _decode(record.value or b"")
        assert isinstance(status, DeliveryStatus)
        attempt = (status.message_id, status.attempt)
        if status.status is not Status.ACCEPTED or attempt in doubtful:
            continue
        if at < accepted_at.get(attempt, float("inf")):
            yield f"{status.message_id} was reported as accepted before the ledger knew it"


def _gate_laws(broker: Broker, number: int) -> Iterator[str]:
    """Nothing is tried that an opt-out forbade which was long known."""
    no_since: dict[str, datetime] = {}
    times_ms = broker.appended_ms[CONSENTS.name, number]
    for at_ms, record in zip(times_ms, broker.history[CONSENTS.name, number], strict=True):
        consent = _decode(record.value or b"")
        if isinstance(consent, Consent) and consent.opted_out:
            no_since.setdefault(consent.key, from_millis(at_ms))
    for _, entry in _entries(broker, number):
        if entry.state is not AttemptState.INTENT or entry.message is None:
            continue
        said = no_since.get(entry.message.key)
        if said is not None and entry.at > said + CONSENT_LAG:
            yield f"{entry.message_id} was tried at {entry.at}, though its address said no at {said}"


def _withdrawal_laws(broker: Broker, number: int) -> Iterator[str]:
    """After the offset of a withdrawal was committed, no intent follows."""
    over_at: dict[str, float] = {}
    for place in ((topic, number) for topic in COMMANDS):
        commits = [(at, offset) for at, _, committed, offset in broker.commits if committed == place]
        for record in broker.history[place]:
            command = _decode(record.value or b"")
            if isinstance(command, Withdrawal) and command.message_id is not None:
                at = min((at for at, offset in commits if offset > record.offset), default=float("inf"))
                over_at[command.message_id] = min(at, over_at.get(command.message_id, at))
    for at, entry in _entries(broker, number):
        if entry.state is AttemptState.INTENT and at > over_at.get(entry.message_id, at):
            yield f"{entry.message_id} was tried again after its withdrawal was committed"
