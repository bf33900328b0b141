"""What Tidings logs: ids and counts, never addresses or bodies (security, Privacy)."""

import logging
import sys
from pathlib import Path

import structlog

from tidings.config import Log

_THEIRS = frozenset({"faust", "mode"})


def configure(log: Log) -> None:
    """Send structlog's and the standard library's records to standard error, in one form, from one level up."""
    level = logging.getLevelNamesMapping()[log.level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(log)],
        )
    )
    if level > logging.DEBUG:
        handler.addFilter(_is_of_use)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("aiokafka", "faust", "mode", "uvicorn.access", "mail.log", "asyncio"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))


def _is_of_use(record: logging.LogRecord) -> bool:
    """Below a warning, Faust and mode tell of their own parts, and under the names of our modules that extend them."""
    return record.levelno >= logging.WARNING or _THEIRS.isdisjoint(Path(record.pathname).parts)


def _renderers(log: Log) -> list[structlog.typing.Processor]:
    if log.format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    ]
