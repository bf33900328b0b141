"""The consent ledger: what an address agreed to, as it stands after a change, and how it came to that."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from schemas.clock import rfc3339
from schemas.consent import SUPPRESSED, SUPPRESSIONS, Consent, ConsentChange, Means, Saying


def after(before: Consent | None, change: ConsentChange, now: datetime) -> Consent:
    """The consent of the address after a change; lists that are absent stay as they were."""
    was = before or Consent(tenant=change.tenant, address=change.address)
    opted_out = _listed(was.opted_out, change.opted_out, change.opts_out, change.lifts)
    suppressed = gravest(was.suppressed, change.suppressed)
    kept = {saying.scope: saying for saying in was.sayings if not _said_again(saying, change)}
    if suppressed != was.suppressed:
        kept.pop(SUPPRESSED, None)
    stands = (*opted_out, *((SUPPRESSED,) if suppressed else ()))
    new = [scope for scope in stands if scope not in (*was.opted_out, SUPPRESSED) or scope not in kept]
    said = {scope: Saying(scope=scope, means=change.means, event_id=change.event_id, at=now) for scope in new}
    return Consent(
        tenant=was.tenant,
        address=was.address,
        opted_out=opted_out,
        opted_in=_listed(was.opted_in, change.opted_in, change.joins, change.leaves),
        suppressed=suppressed,
        sayings=tuple(said.get(scope) or kept[scope] for scope in stands),
    )


def gravest(*suppressions: str | None) -> str | None:
    """Of several reasons to suppress an address the one that is kept; None if there is none."""
    return max((each for each in suppressions if each is not None), key=SUPPRESSIONS.index, default=None)


def _said_again(saying: Saying, change: ConsentChange) -> bool:
    """STOPALL counts also where `all` stood before: START to any number ends it."""
    return change.means is Means.STOP_ALL and saying.scope in change.opts_out


def facts_of(consent: Consent, scope: str) -> Mapping[str, object]:
    """How a scope, or the suppression, came to be, for the decision that rests on it."""
    saying = consent.saying(scope)
    if saying is None:
        return {}
    return {"by": saying.means, "by_event": saying.event_id, "since": rfc3339(saying.at)}


def _listed(
    was: tuple[str, ...], instead: tuple[str, ...] | None, added: Iterable[str], removed: Iterable[str]
) -> tuple[str, ...]:
    base = was if instead is None else instead
    gone = set(removed)
    return tuple(each for each in dict.fromkeys((*base, *added)) if each not in gone)
