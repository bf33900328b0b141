"""Law 1 between the stages: what follows from the reports and decisions on a message is there, and nothing else is."""

from collections.abc import Iterator, Mapping

from processors.dispatch.stage import gateways_of
from processors.kinds import KINDS
from schemas.allowance import PlaceGivenBack
from schemas.billing import CreditChange
from schemas.clock import rfc3339
from schemas.reasons import Reason
from schemas.reports import Whereabouts
from schemas.state import LastSent
from schemas.topics import AUDIENCE, BY_NAME, CHARGES, COMMANDS, MESSAGES, STATUSES
from schemas.unsaid import Unsaid
from schemas.words import Outcome
from tidings.audit.findings import Findings
from tidings.audit.messages import Dossier
from tidings.audit.notes import Note, What, digest
from tidings.audit.scope import Scope

LAW = 1
_BY_OTHERS = (LastSent.__name__, Unsaid.__name__)
"""What follows from its command and its decisions, and not from its reports."""


def look_at_followed(found: Dossier, scope: Scope, findings: Findings) -> None:
    """Where the message is kept, what it gives back of allowance and credits, and what its address is to know of it."""
    if found.of(What.DEAD_LETTER):
        return
    _look_at_reports(found, scope, findings)
    _look_at_last_words(found, scope, findings)
    _look_at_unsaid(found, scope, findings)
    _look_at_recalls(found, scope, findings)


def _look_at_reports(found: Dossier, scope: Scope, findings: Findings) -> None:
    """What the very function of stage settle makes of the statuses, to the byte and the millisecond."""
    told = {note.digest: note for note in found.of(What.FOLLOWED) if note.text not in _BY_OTHERS}
    if any(not scope.is_kept(STATUSES, note.at) for note in (*found.of(What.STATUS), *told.values())):
        return
    owed = set()
    for forward, at in found.follows:
        if not isinstance(forward.value, Whereabouts | PlaceGivenBack | CreditChange):
            continue
        said = digest(forward.value, forward.topic, forward.key, at)
        owed.add(said)
        is_due = scope.is_kept(BY_NAME[forward.topic], at) and not scope.is_on_its_way(at)
        if said not in told and is_due:
            says = f"topic {forward.topic} lacks the {type(forward.value).__name__} that follows from its statuses"
            findings.differ(LAW, found.subject, says)
    ends = {each.at for each in found.decisions if each.outcome is not Outcome.SENT}
    for said, note in told.items():
        by_decision = note.text != Whereabouts.__name__ and note.at in ends
        if said not in owed and not by_decision and not scope.is_on_its_way(note.at):
            findings.differ(LAW, found.subject, f"the {note.text} at {note.place} follows from none of its records")


def _look_at_last_words(found: Dossier, scope: Scope, findings: Findings) -> None:
    """What was counted for its recipient is told to its address when it leaves."""
    told = {note.digest: note for note in found.of(What.FOLLOWED) if note.text == LastSent.__name__}
    commands = ((note.text.partition("\0")[0], note) for note in found.of(What.COMMAND))
    owed = {bytes.fromhex(said): note for said, note in commands if said}
    for said, note in owed.items():
        if said not in told and scope.is_kept(MESSAGES, note.at) and not scope.is_on_its_way(note.at):
            says = f"commanded at {note.place}; topic {MESSAGES.name} lacks its last words"
            findings.differ(LAW, found.subject, says)
    for said, note in told.items():
        if said not in owed and scope.is_kept(COMMANDS[0], note.at) and not scope.is_on_its_way(note.at):
            findings.differ(LAW, found.subject, f"the {note.text} at {note.place} has no command of these words")


def _look_at_unsaid(found: Dossier, scope: Scope, findings: Findings) -> None:
    """What a contact is told only once may be said again where dispatch dropped it, and only there."""
    told = {note.digest: note for note in found.of(What.FOLLOWED) if note.text == Unsaid.__name__}
    owed = {}
    for each in found.decisions:
        kind = KINDS.get(each.kind or "")
        if each.outcome is Outcome.DROPPED and kind is not None and kind.once_per and each.contact and each.message_id:
            unsaid = Unsaid(
                tenant=each.tenant, event_id=each.event_id, contact=each.contact, message_id=each.message_id
            )
            owed[digest(unsaid, AUDIENCE.name, f"{each.tenant}|{each.contact}", each.at)] = each
    by_dispatch = {note.text.split(" ")[0] for note in found.of(What.CANDIDATE)}
    asked = {note.text.split("\0")[1] for note in found.of(What.ASKED)} | {
        str(int(note.text) - 1) for note in found.of(What.UNSAYABLE)
    }
    for said, each in owed.items():
        before = str((each.number or 0) - 1)
        is_due = scope.is_kept(MESSAGES, each.at) and not scope.is_on_its_way(each.at)
        if said not in told and is_due and each.to and before in by_dispatch - asked:
            says = f"was dropped at {rfc3339(each.at)}; topic {AUDIENCE.name} does not say that it may be said again"
            findings.differ(LAW, found.subject, says)
    for said, note in told.items():
        if said not in owed and not scope.is_on_its_way(note.at):
            findings.differ(LAW, found.subject, f"the {note.text} at {note.place} follows from none of its records")


def _look_at_recalls(found: Dossier, scope: Scope, findings: Findings) -> None:
    """The order not to send goes from its address to the purse, and to wherever the message has gone."""
    orders = [_Order(note) for note in found.of(What.RECALL) if not scope.is_on_its_way(note.at)]
    if any(not scope.is_kept(MESSAGES, order.at) for order in orders):
        return
    for at in dict.fromkeys(order.at for order in orders):
        own = [order for order in orders if order.at == at]
        for says in dict.fromkeys(_of_one_recall(found, own)):
            findings.differ(LAW, found.subject, says)
        at_purse = sum(order.topic == CHARGES.name for order in own)
        told = len({(order.topic, order.key) for order in own if order.topic in (MESSAGES.name, AUDIENCE.name)})
        if at_purse > told > 0:
            says = f"{at_purse} withdrawals on topic {CHARGES.name}, {told} wanted"
            findings.differ(LAW, found.subject, says, is_repeat=True)


def _of_one_recall(found: Dossier, orders: list["_Order"]) -> Iterator[str]:
    topics = {order.topic for order in orders}
    if len({order.said for order in orders}) > 1:
        yield f"its withdrawals differ: {', '.join(order.place for order in orders)}"
    waits_for_credits = any(each.reason == Reason.INSUFFICIENT_CREDIT for each in found.decisions)
    for order in orders:
        if order.topic == MESSAGES.name:
            left = (_topic(command) for command in found.of(What.COMMAND) if command.at <= order.at)
            for owed in (CHARGES.name, *left):
                if owed not in topics:
                    yield f"was withdrawn at {order.place}; topic {owed} lacks the order"
        elif order.topic == CHARGES.name and (waits_for_credits or AUDIENCE.name in topics):
            continue
        elif MESSAGES.name not in topics:
            yield f"is withdrawn at {order.place}, and topic {MESSAGES.name} does not say so"


def look_at_erasure(subject: str, notes: Iterator[Note], scope: Scope, findings: Findings) -> None:
    """All of one contact is withdrawn at each of its addresses, there at every gateway, and at the tenant's purse."""
    orders = [_Order(note) for note in notes if scope.is_kept(MESSAGES, note.at) and not scope.is_on_its_way(note.at)]
    findings.count(LAW, "withdrawals of all for a contact", bool(orders))
    for said in dict.fromkeys((order.said, order.at) for order in orders):
        own = [order for order in orders if (order.said, order.at) == said]
        addresses = {order.key: order for order in own if order.topic == MESSAGES.name}
        at_purse, wanted = sum(order.topic == CHARGES.name for order in own), 1 + len(addresses)
        if at_purse != wanted:
            says = f"withdraws all of a contact: {at_purse} orders on topic {CHARGES.name}, {wanted} wanted"
            findings.differ(LAW, subject, says, is_repeat=at_purse > wanted)
        for says in dict.fromkeys(_at_gateways(own, addresses)):
            findings.differ(LAW, subject, says)


def _at_gateways(orders: list["_Order"], addresses: Mapping[str, "_Order"]) -> Iterator[str]:
    commanded = {(order.topic, order.key): order for order in orders if order.topic.startswith("delivery.commands")}
    for key, order in addresses.items():
        for topic in gateways_of(key):
            if commanded.pop((topic, key), None) is None:
                yield f"withdraws all of a contact at {order.place}; topic {topic} lacks the order"
    for order in commanded.values():
        yield f"all of a contact is withdrawn at {order.place}, and topic {MESSAGES.name} does not say so"


class _Order:
    """A withdrawal where it stands."""

    def __init__(self, note: Note) -> None:
        self.topic, self.key, self.said = note.text.split("\0")
        self.at, self.place = note.at, note.place


def _topic(note: Note) -> str:
    return note.place.rpartition("/")[0].rpartition("/")[0]
