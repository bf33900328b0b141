"""What a process counts about its own work, and the only door to prometheus_client.

Everything is counted once per batch or unit of work, never per record: a metric's lock costs about as much as decoding.
Counters begin at zero with each start of a process.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
_REGISTRY = CollectorRegistry()
ProcessCollector(registry=_REGISTRY)
disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the series, and nobody asks for them

_STEP_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_LATENESS_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0)
_ATTEMPT_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 600.0)


_OURS: list[Counter | Gauge | Histogram] = []


def _counter(name: str, sentence: str, *labels: str) -> Counter:
    made = Counter(f"tidings_{name}", sentence, labels, registry=_REGISTRY)
    _OURS.append(made)
    return made


def _gauge(name: str, sentence: str, *labels: str) -> Gauge:
    made = Gauge(f"tidings_{name}", sentence, labels, registry=_REGISTRY)
    _OURS.append(made)
    return made


def _histogram(name: str, sentence: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    made = Histogram(f"tidings_{name}", sentence, labels, buckets=buckets, registry=_REGISTRY)
    _OURS.append(made)
    return made


_RECORDS = _counter("records", "Records of a source that a stage has performed.", "stage", "topic")
_BATCHES = _counter("batches", "Fetches of a partition that a stage has performed.", "stage")
_UNITS = _counter("units", "Units of work that a stage has stored.", "stage")
_OUTPUTS = _counter("outputs", "Records that a stage has sent, acknowledged.", "stage")
_STEPS = _histogram(
    "unit_seconds",
    "How long a unit of work took: decode, function, send, append, store.",
    _STEP_SECONDS,
    "stage",
    "step",
)
_DECISIONS = _counter("decisions", "Decisions by what became of the event, and why.", "stage", "outcome", "reason")
_DEAD_LETTERS = _counter("dead_letters", "Records that were set aside.", "stage", "topic")
_PAUSED = _gauge(
    "source_paused", "1 while a source rests, because too many of its records were set aside.", "stage", "topic"
)
_FIRED = _counter("timers_fired", "Timers that have fired.", "stage")
_LATENESS = _histogram(
    "timer_lateness_seconds", "How late the oldest timer of a unit of work was stored.", _LATENESS_SECONDS, "stage"
)
_HELD = _gauge("timers_held", "1 while timers are held, because the ticks come from the future.", "stage")
_REFUSED = _gauge(
    "settings_refused", "Tenants whose settings this version of Tidings refuses: their events wait.", "stage"
)
_LAG = _gauge("lag_records", "Records of a partition that are still to be performed.", "stage", "topic", "partition")
_ASLEEP = _gauge("longest_sleep_seconds", "The longest time for which the process stood still.", "stage")
_LOST = _counter("records_lost_to_retention", "Records that were removed before they were read.", "stage", "topic")

_ATTEMPTS = _counter("gateway_attempts", "Messages that were handed to the provider.", "channel")
_ANSWERS = _counter("gateway_answers", "What the provider answered.", "channel", "answer")
_ATTEMPT = _histogram("gateway_attempt_seconds", "How long the provider took.", _ATTEMPT_SECONDS, "channel")
_STATUSES = _counter("gateway_statuses", "Statuses reported, doubtful ones among them.", "channel", "status")
_IN_FLIGHT = _gauge("gateway_in_flight", "Messages on their way to the provider.", "channel")
_WAITING = _gauge("gateway_waiting", "Messages that were taken in and wait for their turn.", "channel")
_RESTING = _gauge("gateway_provider_resting", "1 while the provider is given a rest after too many errors.", "channel")
_CLEAR = _gauge("gateway_clear_seconds", "How long all that waits will take at the rate of the last minute.", "channel")
_TOO_SLOW = _gauge(
    "gateway_too_slow",
    "1 while what waits would, at that rate, for the most part leave too late to be of use.",
    "channel",
)
_BACKLOG = _gauge(
    "gateway_backlog", "Commands of a lane's partition not yet taken in.", "channel", "topic", "partition"
)

_TICKS = _counter("ticks", "Rounds of ticks that were sent.")


class _Lags:
    """A gauge per partition that is ours; those of others are not shown."""

    def __init__(self, gauge: Gauge, owner: str) -> None:
        self._gauge = gauge
        self._owner = owner
        self._shown: set[tuple[str, int]] = set()

    def show(self, records: Mapping[tuple[str, int], int]) -> None:
        for topic, partition in self._shown - records.keys():
            self._gauge.remove(self._owner, topic, str(partition))
        for (topic, partition), count in records.items():
            self._gauge.labels(self._owner, topic, str(partition)).set(count)
        self._shown = set(records)


class UnitTally(Protocol):
    """What one unit of work says about itself; `decided` counts by outcome and reason."""

    @property
    def decode_seconds(self) -> float:
        """Spent on decoding."""

    @property
    def function_seconds(self) -> float:
        """Spent in the stage's functions, encoding of what they do included."""

    @property
    def decided(self) -> Mapping[tuple[str, str], int]:
        """Decisions."""

    @property
    def fired(self) -> int:
        """Timers that have fired."""


class StageMetrics:
    """The metrics of one stage in this process."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._batches, self._units, self._outputs = _BATCHES.labels(stage), _UNITS.labels(stage), _OUTPUTS.labels(stage)
        self._steps = {step: _STEPS.labels(stage, step) for step in ("decode", "function", "send", "append", "store")}
        self._fired, self._lateness = _FIRED.labels(stage), _LATENESS.labels(stage)
        self._lags = _Lags(_LAG, stage)
        _HELD.labels(stage).set(0)

    def performed(self, topic: str, records: int) -> None:
        """A batch of one partition is done."""
        self._batches.inc()
        _RECORDS.labels(self._stage, topic).inc(records)

    def stored(self, tally: UnitTally, outputs: int, seconds: Mapping[str, float]) -> None:
        """A unit of work is done: what it says of itself, and how long sending, appending and storing took."""
        self._units.inc()
        self._outputs.inc(outputs)
        self._steps["decode"].observe(tally.decode_seconds)
        self._steps["function"].observe(tally.function_seconds)
        for step, spent in seconds.items():
            self._steps[step].observe(spent)
        for (outcome, reason), count in tally.decided.items():
            _DECISIONS.labels(self._stage, outcome, reason).inc(count)

    def fired(self, timers: int, oldest_late_seconds: float) -> None:
        """Timers have fired, and what they do is stored."""
        self._fired.inc(timers)
        self._lateness.observe(max(0.0, oldest_late_seconds))

    def set_aside(self, topic: str, records: int) -> None:
        """Records of a source became dead letters."""
        _DEAD_LETTERS.labels(self._stage, topic).inc(records)

    def paused(self, topic: str, is_paused: bool) -> None:
        """Whether a source rests."""
        _PAUSED.labels(self._stage, topic).set(is_paused)

    def held(self, are_held: bool) -> None:
        """Whether timers are held."""
        _HELD.labels(self._stage).set(are_held)

    def refused_settings(self, tenants: int) -> None:
        """How many tenants have settings that this version does not take."""
        _REFUSED.labels(self._stage).set(tenants)

    def lost(self, topic: str, records: int) -> None:
        """Retention was faster than this stage."""
        _LOST.labels(self._stage, topic).inc(records)

    def slept(self, longest_seconds: float) -> None:
        """For how long the process once stood still."""
        _ASLEEP.labels(self._stage).set(longest_seconds)

    def lags(self, records: Mapping[tuple[str, int], int]) -> None:
        """How far each partition of each source is behind, by topic and number."""
        self._lags.show(records)


class GatewayMetrics:
    """The metrics of one channel's gateway in this process."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._attempts, self._attempt = _ATTEMPTS.labels(channel), _ATTEMPT.labels(channel)
        self._backlog = _Lags(_BACKLOG, channel)

    def attempted(self) -> None:
        """A message is handed to the provider."""
        self._attempts.inc()

    def answered(self, answer: str, seconds: float) -> None:
        """The provider answered, or nobody can tell."""
        self._attempt.observe(seconds)
        _ANSWERS.labels(self._channel, answer).inc()

    def set_aside(self, topic: str) -> None:
        """A command became a dead letter."""
        _DEAD_LETTERS.labels(f"gateway {self._channel}", topic).inc()

    def load(self, *, in_flight: int, waiting: int, is_resting: bool) -> None:
        """What is in hand just now."""
        _IN_FLIGHT.labels(self._channel).set(in_flight)
        _WAITING.labels(self._channel).set(waiting)
        _RESTING.labels(self._channel).set(is_resting)

    def outlook(self, *, clear_seconds: float, is_too_slow: bool) -> None:
        """Whether all that waits will leave in time."""
        _CLEAR.labels(self._channel).set(clear_seconds)
        _TOO_SLOW.labels(self._channel).set(is_too_slow)

    def backlog(self, records: Mapping[tuple[str, int], int]) -> None:
        """Commands that are not yet taken in, by topic and partition."""
        self._backlog.show(records)


def status_reported(channel: str, status: str) -> None:
    """A status is on its topic."""
    _STATUSES.labels(channel, status).inc()


def ticked() -> None:
    """A round of ticks is safe."""
    _TICKS.inc()


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One metric, for its reference page."""

    name: str
    kind: str
    labels: tuple[str, ...]
    sentence: str


def described() -> tuple[Described, ...]:
    """All metrics of our own, in the order of this module."""
    return tuple(
        Described(
            name=metric._name + ("_total" if metric._type == "counter" else ""),
            kind=metric._type,
            labels=tuple(metric._labelnames),
            sentence=metric._documentation,
        )
        for metric in _OURS
    )


def exposition() -> bytes:
    """All metrics of this process in Prometheus' text format."""
    return generate_latest(_REGISTRY)
