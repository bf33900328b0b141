"""docs/reference/metrics.md: what each process counts."""

from tidings.docs.markdown import code, listed, page, table
from tidings.metrics import described

_INTRO = """
A process that is told a port serves these at `/metrics`, in Prometheus' text format, beside those of the process itself
(`process_cpu_seconds_total`, `process_resident_memory_bytes` and so on). Counters begin at zero with each start. How to
use them: [watch an installation](../how-to/watch-an-installation.md).
"""


def metrics() -> str:
    """The page."""
    rows = [(code(each.name), each.kind, listed(each.labels), each.sentence) for each in described()]
    return page("Metrics", "`tidings/metrics.py`", _INTRO, table(("metric", "kind", "labels", "meaning"), rows))
