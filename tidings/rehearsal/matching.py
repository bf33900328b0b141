"""What was expected against what happened: every difference, said so that a reader sees what to change."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from tidings.rehearsal.agreement import agrees, disagreements
from tidings.rehearsal.expectation import CampaignExpectation, Expectation, UsageExpectation, Wanted
from tidings.rehearsal.outcome import Outcome, Plain
from tidings.rehearsal.pairing import pairs

_LONGEST = 200
_MOST_SILENCES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that should have been otherwise: where, what, and what came closest."""

    part: str
    sentence: str
    wanted: Wanted | None = None
    found: Wanted | None = None
    differs: tuple[str, ...] = ()
    silences: tuple[Wanted, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.part}: {self.sentence}"]
        if self.wanted is not None:
            lines.append(f"  expected {_shown(self.wanted)}")
        if self.found is not None:
            lines.append(f"  {'nearest ' if self.wanted is not None else 'happened'} {_shown(self.found)}")
        lines += [f"    {difference}" for difference in self.differs]
        return "\n".join([*lines, *(f"  decided {_shown(silence)}" for silence in self.silences)])


def differences(expect: Expectation, outcome: Outcome) -> list[Difference]:
    """Everything in which the outcome is not what was expected."""
    found: list[Difference] = []
    if expect.messages is not None:
        messages = _exactly("messages", expect.messages, outcome.messages)
        found += [replace(each, silences=_silences(each.wanted, outcome.decisions)) for each in messages]
    for part in ("decisions", "invoices", "refused", "statuses"):
        found += _each_occurs(part, getattr(expect, part) or (), getattr(outcome, part))
    found += _each_occurs("consents", expect.consents or (), _with_silent(expect.consents or (), outcome.consents))
    found += _none_occurs("no_decisions", expect.no_decisions or (), outcome.decisions)
    for name, campaign in (expect.campaigns or {}).items():
        found += _campaign(name, campaign, outcome.campaigns)
    for tenant, channels in (expect.usage or {}).items():
        for channel, usage in channels.items():
            found += _usage(tenant, channel, usage, outcome.usage)
    return found


def _exactly(part: str, wanted: Sequence[Wanted], happened: Sequence[Plain]) -> Iterator[Difference]:
    """Each expected one is one that happened, and nothing else happened."""
    options = [[at for at, record in enumerate(happened) if not disagreements(want, record)] for want in wanted]
    paired = pairs(options)
    left_over = [record for at, record in enumerate(happened) if at not in set(paired.values())]
    for index, want in enumerate(wanted):
        if index not in paired:
            yield _missing(part, index, want, left_over or happened)
    for record in left_over:
        yield Difference(part=part, sentence="happened, and is not expected", found=_brief(record, wanted))


def _silences(want: Wanted | None, decisions: Sequence[Plain]) -> tuple[Wanted, ...]:
    """Why a message that was expected may not have been sent: reasons given for its kind, channel and contact."""
    about = {key: value for key, value in (want or {}).items() if key in ("tenant", "kind", "channel", "contact")}
    if "kind" not in about:
        return ()
    said = (_brief(each, [about]) for each in decisions if each.get("reason") and not disagreements(about, each))
    return tuple(islice(said, _MOST_SILENCES))


def _each_occurs(part: str, wanted: Iterable[Wanted], happened: Sequence[Plain]) -> Iterator[Difference]:
    for index, want in enumerate(wanted):
        if all(disagreements(want, record) for record in happened):
            yield _missing(part, index, want, happened)


def _none_occurs(part: str, unwanted: Iterable[Wanted], happened: Sequence[Plain]) -> Iterator[Difference]:
    for index, want in enumerate(unwanted):
        for record in happened:
            if not disagreements(want, record):
                yield Difference(part=f"{part}[{index}]", sentence=f"occurs: {_shown(want)}", found=record)


def _missing(part: str, index: int, want: Wanted, happened: Sequence[Plain]) -> Difference:
    where = f"{part}[{index}]"
    if not happened:
        return Difference(part=where, sentence="did not happen; there are none at all", wanted=want)
    nearest = min(happened, key=lambda record: len(disagreements(want, record)))
    return Difference(
        part=where,
        sentence="did not happen",
        wanted=want,
        found=_brief(nearest, [want]),
        differs=tuple(disagreements(want, nearest)),
    )


def _with_silent(wanted: Iterable[Wanted], happened: Sequence[Plain]) -> Sequence[Plain]:
    """An address without a record has empty lists (contract section 10)."""
    known = {(record["tenant"], record["address"]) for record in happened}
    silent = [
        {"tenant": tenant, "address": address, "opted_out": [], "opted_in": []}
        for want in wanted
        if isinstance(tenant := want.get("tenant"), str)
        and isinstance(address := want.get("address"), str)
        and (tenant, address) not in known
    ]
    return [*happened, *silent]


def _campaign(name: str, wanted: CampaignExpectation, happened: Sequence[Plain]) -> Iterator[Difference]:
    """`name` is a campaign's id, or `tenant/id` where two tenants use the id; one that never was has no rows."""
    matching = [
        record for record in happened if name in (record["campaign"], f"{record['tenant']}/{record['campaign']}")
    ]
    part = f"campaigns.{name}"
    if len(matching) > 1:
        tenants = ", ".join(record["tenant"] for record in matching)
        yield Difference(part=part, sentence=f"is ambiguous: {tenants} have it; say <tenant>/{name}")
        return
    found: Plain = matching[0] if matching else {"rows": [], "failed": []}
    if wanted.state is not None and wanted.state != found.get("state"):
        yield Difference(part=part, sentence=f"state: expected {wanted.state}, was {found.get('state', 'absent')}")
    for state, rows in (wanted.rows or {}).items():
        yield from _rows(f"{part}.rows.{state}", rows, [row["row"] for row in found["rows"] if row["state"] == state])
    if wanted.failed is not None:
        yield from _exactly(f"{part}.failed", wanted.failed, found["failed"])


def _rows(part: str, wanted: Sequence[str], found: Sequence[str]) -> Iterator[Difference]:
    if sorted(wanted) != sorted(found):
        yield Difference(part=part, sentence=f"expected {sorted(wanted)}, was {sorted(found)}")


def _usage(tenant: str, channel: str, wanted: UsageExpectation, happened: Sequence[Plain]) -> Iterator[Difference]:
    entries = [entry for entry in happened if entry["tenant"] == tenant and entry["channel"] == channel]
    units = sum(entry["units"] for entry in entries)
    amount = sum((Decimal(entry["amount"]) for entry in entries), Decimal(0))
    for name, want, found in (("units", wanted.units, units), ("amount", wanted.amount, str(amount))):
        if want is not None and not agrees(want, found, name):
            sentence = f"{name}: expected {want}, was {found} (of {len(entries)} entries)"
            yield Difference(part=f"usage.{tenant}.{channel}", sentence=sentence)


def _brief(record: Plain, wanted: Iterable[Wanted]) -> Wanted:
    """The fields that somebody named, and those by which a reader knows the record again."""
    named = {key for want in wanted for key in want}
    known_by = (
        "at",
        "tenant",
        "event_id",
        "kind",
        "channel",
        "to",
        "contact",
        "outcome",
        "reason",
        "status",
        "subject",
        "text",
    )
    return {key: value for key, value in record.items() if key in named or key in known_by}


def _shown(record: Mapping[str, object]) -> str:
    """One line, in which long texts are cut."""
    return "{" + ", ".join(f"{key}: {_cut(value)}" for key, value in record.items()) + "}"


def _cut(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
