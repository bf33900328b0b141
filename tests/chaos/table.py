"""A report as people read it, and as a file."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from tests.chaos.run import Report
from tests.chaos.verdict import Findings

_ROWS: tuple[tuple[str, Callable[[Findings], object]], ...] = (
    ("events put in", lambda found: found.inputs),
    ("answers expected", lambda found: found.expected),
    ("kills of workers", lambda found: found.kills),
    ("freezes", lambda found: found.freezes),
    ("rebalances", lambda found: found.rebalances),
    ("workers that gave up", lambda found: found.crash_exits),
    ("missing", lambda found: found.missing),
    ("not asked for", lambda found: found.unexpected),
    ("records performed twice", lambda found: found.replayed),
    ("not joined", lambda found: found.unjoined),
    ("repeated alike", lambda found: found.repeated_alike),
    ("repeated differently", lambda found: found.repeated_differently),
    ("dead letters", lambda found: found.letters),
    ("  missing", lambda found: found.letters_missing),
    ("  not asked for", lambda found: found.letters_unexpected),
    ("  repeated alike", lambda found: found.letters_repeated_alike),
    ("  repeated differently", lambda found: found.letters_repeated_differently),
    ("resumed after a kill, median s", lambda found: f"{found.median_resumption_seconds:.1f}"),
    ("resumed after a kill, worst s", lambda found: f"{found.slowest_resumption_seconds:.1f}"),
    ("late ms, median", lambda found: f"{found.late.median_ms:.0f}"),
    ("late ms, 99 %", lambda found: found.late.p99_ms),
    ("late ms, worst", lambda found: found.late.worst_ms),
)
_LABEL_WIDTH = 32
_COLUMN_WIDTH = 15


def lines(report: Report) -> Iterator[str]:
    """The table, what was done, and the verdict."""
    columns = (*report.trials, *report.controls)
    yield " " * _LABEL_WIDTH + "".join(found.trial.rjust(_COLUMN_WIDTH) for found in columns)
    for label, cell in _ROWS:
        yield label.ljust(_LABEL_WIDTH) + "".join(str(cell(found)).rjust(_COLUMN_WIDTH) for found in columns)
    yield ""
    done = ("kills", "rebalances", "freezes", "broker_kills")
    yield ", ".join(f"{report.count(what)} {what.replace('_', ' ')}" for what in done) + " without the controls"
    yield f"seed {report.seed}, load {report.load_before:.1f} before and {report.load_after:.1f} after"
    yield from (f"BROKEN {law}" for law in report.broken)
    yield "" if report.broken else "all laws hold"


def write(report: Report, path: Path) -> None:
    """All of it as JSON."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(asdict(report), indent=1) + "\n")
