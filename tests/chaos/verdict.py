"""The verdict: compares what came out of a trial with what was put in, and says which laws were broken."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from streams.crash import ExitCode
from tests.chaos.answers import Answers
from tests.chaos.feed import Inputs
from tests.chaos.fleet import Fleet
from tests.chaos.stage import Word
from tests.chaos.torment import Strike

_NEVER_SECONDS = 999.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """How long after a fault all partitions of its victims answered again."""

    fault: str
    kills: int
    seconds: float | None
    """None where nobody's partitions stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How long after they were due answers stood in the log."""

    median_ms: float
    p99_ms: float
    worst_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one trial showed."""

    trial: str
    inputs: int
    expected: int
    missing: int
    unexpected: int
    replayed: int
    unjoined: int
    repeated_alike: int
    repeated_differently: int
    letters: int
    letters_missing: int
    letters_unexpected: int
    letters_repeated_alike: int
    letters_repeated_differently: int
    kills: int
    freezes: int
    rebalances: int
    crash_exits: int
    late: Lateness
    resumptions: tuple[Resumption, ...]
    examples_missing: tuple[str, ...]
    stop_codes: tuple[int | None, ...] = ()
    """How workers ended that were told to stop; None did not."""
    stuck: str = ""

    @property
    def slowest_resumption_seconds(self) -> float:
        """Of all kills of workers."""
        return max(self._resumed_after_seconds(), default=0.0)

    @property
    def median_resumption_seconds(self) -> float:
        """Of all kills of workers."""
        return median(self._resumed_after_seconds() or [0.0])

    def _resumed_after_seconds(self) -> list[float]:
        return [each.seconds for each in self.resumptions if each.kills and each.seconds is not None]


def findings(
    trial: str,
    inputs: Inputs,
    answers: Answers,
    strikes: list[Strike],
    fleet: Fleet,
    *,
    rebalances: int = 0,
    stuck: str = "",
) -> Findings:
    """Count everything."""
    expected, seen = inputs.answers, answers.contents.keys()
    said = {word: sum(name.startswith(f"{word} ") for name in seen) for word in Word}
    missing = sorted(expected - seen)
    return Findings(
        trial=trial,
        inputs=inputs.records,
        expected=len(expected),
        missing=len(missing),
        unexpected=len(seen - expected) - said[Word.REPLAYED] - said[Word.UNJOINED],
        replayed=said[Word.REPLAYED],
        unjoined=said[Word.UNJOINED],
        repeated_alike=_repeated_alike(answers.contents),
        repeated_differently=_repeated_differently(answers.contents),
        letters=len(answers.letters),
        letters_missing=len(inputs.letters - answers.letters.keys()),
        letters_unexpected=len(answers.letters.keys() - inputs.letters),
        letters_repeated_alike=_repeated_alike(answers.letters),
        letters_repeated_differently=_repeated_differently(answers.letters),
        kills=sum(strike.kills for strike in strikes),
        freezes=sum("SIGSTOP" in strike.fault.kind for strike in strikes),
        rebalances=rebalances,
        crash_exits=len(fleet.exits),
        late=_lateness(answers.latencies_ms),
        resumptions=tuple(_resumptions(strikes, answers)),
        examples_missing=tuple(missing[:10]),
        stop_codes=tuple(fleet.stop_codes),
        stuck=stuck,
    )


def broken_laws(found: Findings, *, resumes_within_seconds: float) -> Iterator[str]:
    """What must not be, in sentences."""
    for count, what in (
        (found.missing, "answers are missing"),
        (found.unexpected, "answers were not asked for"),
        (found.replayed, "records were performed twice"),
        (found.unjoined, "events were not joined with settings"),
        (found.repeated_differently, "answers were repeated with another content"),
        (found.letters_missing, "poisonous records are not among the dead letters"),
        (found.letters_unexpected, "sound records are among the dead letters"),
        (found.letters_repeated_differently, "dead letters were repeated with another content"),
    ):
        if count:
            yield f"{found.trial}: {count} {what}"
    if found.stuck:
        yield f"{found.trial}: the workers did not come back {found.stuck}"
    for code in found.stop_codes:
        if code != ExitCode.STOPPED:
            yield f"{found.trial}: a worker that was told to stop ended with {code}"
    for each in found.resumptions:
        if each.kills and each.seconds is not None and each.seconds > resumes_within_seconds:
            yield f"{found.trial}: after {each.fault} it took {each.seconds:.1f} s, not {resumes_within_seconds:g} s"


def _lateness(latencies_ms: list[int]) -> Lateness:
    ordered = sorted(latencies_ms) or [0]
    return Lateness(median_ms=median(ordered), p99_ms=ordered[int(len(ordered) * 0.99)], worst_ms=ordered[-1])


def _repeated_alike(appearances: Mapping[str, list[int]]) -> int:
    return sum(len(each) - len(set(each)) for each in appearances.values())


def _repeated_differently(appearances: Mapping[str, list[int]]) -> int:
    return sum(len(set(each)) - 1 for each in appearances.values())


def _resumptions(strikes: list[Strike], answers: Answers) -> Iterator[Resumption]:
    for strike in strikes:
        resumed = [answers.resumed_at(place, strike.at, strike.gone) for place in strike.places]
        seconds = [_NEVER_SECONDS if at is None else at - strike.at for at in resumed]
        yield Resumption(fault=str(strike.fault), kills=strike.kills, seconds=max(seconds, default=None))
