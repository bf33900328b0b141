"""`tidings publish`: events from a file or standard input onto topic `events`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from schemas.faults import Fault
    from streams.client import Position, Publisher
    from tidings.config import Installation
    from tidings.events_text import Found

_BATCH = 1_000
"""So many events are under way before the first of them has to be safe."""


def publish(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="Structured CloudEvents JSON; - is standard input.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what became of each event, one JSON line each.")
    ] = False,
) -> None:
    """Publish one event, a JSON array of events, or JSON lines, and wait until they are safe.

    Events that are not valid are named with path and reason, the others go on; exit status 1 when one was refused.
    """
    import asyncio

    from tidings.cli.installation import installed
    from tidings.events_text import events_in

    found = list(events_in(text_of(file)))
    if not found:
        from tidings.cli.failures import INVALID, fail

        raise fail(f"There is no event in {_source(file)}.", INVALID)
    report = _Report(as_json)
    asyncio.run(_publish(installed(), found, report))
    report.end()
    raise typer.Exit(1 if report.refused else 0)


class _Report:
    """Counts what became of the events and says it as it comes to be known."""

    def __init__(self, as_json: bool) -> None:
        self.published = 0
        self.refused = 0
        self._as_json = as_json

    def took(self, found: "Found", position: "Position") -> None:
        self.published += 1
        if self._as_json:
            self._line(found, position=str(position))

    def refuse(self, found: "Found", faults: "Sequence[Fault]") -> None:
        self.refused += 1
        if self._as_json:
            self._line(found, errors=[{"path": fault.path, "reason": fault.reason} for fault in faults])
            return
        for fault in faults:
            typer.echo(f"{found.name[:1].upper()}{found.name[1:]} refused: {fault}.", err=True)

    def end(self) -> None:
        if not self._as_json:
            refused = f", {self.refused:,} refused" if self.refused else ""
            typer.echo(f"{self.published:,} event{'s' if self.published != 1 else ''} published{refused}.")

    def _line(self, found: "Found", **rest: object) -> None:
        from tidings.cli.output import print_json

        print_json({"index": found.index, "id": found.event_id, "type": found.type, **rest}, indent=None)


async def _publish(installation: "Installation", found: "Sequence[Found]", report: _Report) -> None:
    from schemas.topics import EVENTS
    from streams.client import publisher
    from tidings.progress import tell

    if all(each.event is None for each in found):
        for each in found:
            report.refuse(each, each.faults)
        return
    async with publisher(installation.kafka, EVENTS) as publishing:
        for start in range(0, len(found), _BATCH):
            tell("Publishing", start, len(found))
            await _publish_batch(publishing, found[start : start + _BATCH], report)
        tell("Publishing", len(found), len(found))


async def _publish_batch(publishing: "Publisher", batch: "Sequence[Found]", report: _Report) -> None:
    """In order: events of one contact must not overtake one another."""
    import asyncio

    from schemas import wire
    from schemas.faults import Refused
    from schemas.topics import EVENTS

    under_way: list[tuple[Found, Awaitable[Position]]] = []
    try:
        for each in batch:
            if each.event is None:
                report.refuse(each, each.faults)
                continue
            encoded = wire.encode(each.event)
            try:
                safe = await publishing.enqueue(EVENTS, each.event.key.encode(), encoded.value, encoded.headers)
            except Refused as refused:
                report.refuse(each, refused.faults)
            else:
                under_way.append((each, safe))
    finally:  # also where the broker takes no more, some of them may be safe
        positions = await asyncio.gather(*(safe for _, safe in under_way), return_exceptions=True)
        for (each, _), position in zip(under_way, positions, strict=True):
            if isinstance(position, BaseException):
                raise position
            report.took(each, position)


def text_of(file: str) -> str:
    """The text of a file, or of standard input; ends the command when there is none."""
    from tidings.cli.failures import INVALID, fail

    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise fail(f"{file} cannot be read: {error.strerror}.", INVALID) from None
    except UnicodeDecodeError as error:
        reason = f"byte {error.object[error.start]:#04x} at {error.start}"
        raise fail(f"{_source(file)} is not UTF-8: {reason}.", INVALID) from None


def _source(file: str) -> str:
    return "standard input" if file == "-" else file
