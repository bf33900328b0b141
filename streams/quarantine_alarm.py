"""The quarantine alarm: a source of which too many records are set aside rests, instead of ending as dead letters.

One bad record in a hundred is the sender's mistake. One in twenty is a schema that nobody knows here, a deployment gone
wrong or the wrong topic: then nothing more is set aside, the source waits in Kafka, unacknowledged, and somebody is
called. After a pause the source is probed: it may set aside as many again, so that it gets on by itself when the bad
stretch is over. Whoever repairs the cause restarts the worker.
"""

import logging
import math
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from schemas.faults import Fault
from schemas.topics import TICKS
from tidings.health import Health
from tidings.metrics import StageMetrics

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60.0
SHARE = 0.05
LEAST_RECORDS = 50
"""Set aside within a minute; fewer are no reason to stop a source, whatever their share."""
_FAULTS_REMEMBERED = 100
_FAULT_CHARACTERS = 200
_VALUES = re.compile(r"""b?'[^']*'|"[^"]*"|\S*@\S*|\+?\d{5,}""")
"""What a fault may quote of a record: it tells faults of one kind apart, and must not be logged."""


@dataclass(slots=True, kw_only=True)
class _Source:
    """The last minute of one source: how many records were performed and set aside at which time."""

    counted: deque[tuple[float, int, int]] = field(default_factory=deque)
    faults: Counter[str] = field(default_factory=Counter)
    performed: int = 0
    set_aside: int = 0
    rests_until: float = -math.inf

    def count(self, now: float, performed: int, set_aside: int) -> None:
        self.counted.append((now, performed, set_aside))
        self.performed += performed
        self.set_aside += set_aside
        while self.counted[0][0] <= now - WINDOW_SECONDS:
            _, old_performed, old_set_aside = self.counted.popleft()
            self.performed -= old_performed
            self.set_aside -= old_set_aside
        if not self.set_aside:
            self.faults.clear()

    def forget(self) -> None:
        self.counted.clear()
        self.faults.clear()
        self.performed = self.set_aside = 0


class QuarantineAlarm:
    """One per stage and worker; each worker judges by what it performs itself."""

    def __init__(
        self,
        stage: str,
        *,
        pause_seconds: float,
        metrics: StageMetrics,
        health: Health,
        least_records: float = LEAST_RECORDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stage = stage
        self._pause_seconds = pause_seconds
        self._metrics = metrics
        self._health = health
        self._least_records = least_records
        self._clock = clock
        self._sources: defaultdict[str, _Source] = defaultdict(_Source)

    def performed(self, topic: str, records: int) -> None:
        """So many records of the source are done; once per batch."""
        self._sources[topic].count(self._clock(), records, 0)

    @classmethod
    def silent(cls, stage: str, metrics: StageMetrics) -> "QuarantineAlarm":
        """One that lets every bad record be set aside."""
        return cls(stage, pause_seconds=0.0, metrics=metrics, health=Health(), least_records=math.inf)

    def allows(self, topic: str, fault: Fault, performed: int) -> bool:
        """Whether one more record of the source may be set aside; if not, the source rests from now on.

        `performed` is how many records came before it in its batch, which are not counted yet.
        """
        now, source = self._clock(), self._sources[topic]
        source.count(now, 0, 0)
        seen = source.performed + performed
        if source.set_aside < self._least_records or source.set_aside <= SHARE * seen:
            source.count(now, 0, 1)
            self._metrics.set_aside(topic, 1)
            said = _VALUES.sub("…", str(fault))[:_FAULT_CHARACTERS]
            if len(source.faults) < _FAULTS_REMEMBERED or said in source.faults:
                source.faults[said] += 1
            return True
        [(worst, _)] = source.faults.most_common(1)
        found = f"{source.set_aside} of the last minute's {seen} records were set aside"
        reason = f"{found}, most often because of: {worst}"
        if topic == TICKS.name:
            # Without ticks no timer of any tenant would fire. What is set aside here are single timers.
            log.error("source %s of stage %s goes on, but %s", topic, self._stage, reason)
            source.forget()
            return True
        log.error("source %s of stage %s rests for %g s: %s", topic, self._stage, self._pause_seconds, reason)
        source.rests_until = now + self._pause_seconds
        self._metrics.paused(topic, True)
        self._health.waits(self._subject(topic), reason)
        return False

    def rest_seconds(self, topic: str) -> float:
        """For how long the source has to rest; 0 when it need not, or need not any more."""
        source = self._sources[topic]
        left = source.rests_until - self._clock()
        if left > 0:
            return left
        if source.rests_until > -math.inf:
            log.warning("source %s of stage %s is taken up again, as a probe", topic, self._stage)
            source.rests_until = -math.inf
            source.forget()
            self._metrics.paused(topic, False)
            self._health.works(self._subject(topic))
        return 0.0

    def look(self) -> None:
        """End the rests that are over; also those of sources that have gone to other workers meanwhile."""
        for topic in tuple(self._sources):
            self.rest_seconds(topic)

    def _subject(self, topic: str) -> str:
        return f"source {topic} of stage {self._stage}"
