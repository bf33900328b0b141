"""A reason as decisions carry it, in plain words (contract section 9); the words stand in `tidings.reason_texts`."""

from collections.abc import Mapping
from dataclasses import replace

from schemas.reasons import Reason, word
from schemas.words import Channel
from tidings.reason_texts import NOTHING, TEXTS, Because


def because(reason: str, channel: Channel | None = None, facts: Mapping[str, object] | None = None) -> Because:
    """A reason in plain words, its parameter in them; raises ValueError for one that is not in the list.

    The facts tell apart whoever has no address from nobody being there at all.
    """
    texts, parameter = TEXTS[word(reason)], reason.partition(":")[2]
    if word(reason) is Reason.NO_ADDRESS and parameter.startswith("field:"):
        texts, parameter = _NO_FIELD, repr(parameter.removeprefix("field:"))
    elif word(reason) is Reason.NO_ADDRESS and facts and "staff_with_role" in facts:
        texts, parameter = _NO_STAFF, repr(facts["staff_with_role"])
    elif word(reason) in _OF_A_CONTACT and facts and facts.get("contact_known") is False:
        texts = _NOBODY
    elif word(reason) is Reason.SUPPRESSED:
        texts = _SUPPRESSED.get(parameter, texts)
    named = {"value": parameter, "channel": channel or "<channel>"}
    return replace(
        texts,
        why=texts.why.format_map(named),
        advice=texts.advice.format_map(named),
        otherwise=texts.otherwise.format_map(named),
    )


_NO_FIELD = Because(
    why="the event's field {value}, which names the recipient, is missing or empty",
    advice="Have the upstream system fill the field, or name another recipient in the rule.",
    otherwise="the event's field {value} held an address",
)
_NO_STAFF = Because(
    why="nobody on the tenant's staff has the role {value}",
    advice="Give somebody the role, in `staff` of the tenant's settings; it counts from the next event on.",
    otherwise="a member of staff had the role {value}",
)
_OF_A_CONTACT = frozenset({Reason.NO_ADDRESS, Reason.NO_MOBILE_NUMBER, Reason.NO_PRIMARY_PHONE})
_NOBODY = Because(
    why="no such contact was known then: it was never told, or it was erased",
    advice="Publish `contact.changed` for it, unless it was erased; it counts from the next event on.",
    otherwise="the contact were known, with an address for the channel",
)
_SUPPRESSED = {
    "complaint": Because(
        why="the recipient reported an earlier message as unwanted",
        advice="Respect it, and do not write to this person by another way.",
        otherwise="no complaint had come from the address",
    ),
    "deceased": Because(
        why="the person at the address is recorded as deceased",
        advice=NOTHING,
        otherwise="the person were not recorded as deceased",
    ),
}
"""What is said of a bounce, to ask for another address, would hurt here."""
