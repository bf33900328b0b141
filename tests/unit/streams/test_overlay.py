from bisect import bisect_left
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from processors.effects import Table
from schemas import codec
from schemas.state import Alarm
from streams.overlay import Overlay, newest_of
from streams.writes import Writes

CODES = {"before": b"\x00", "alarms": b"\x01", "after": b"\x02"}
BEFORE = Table(name="before", holds=Alarm)
ALARMS = Table(name="alarms", holds=Alarm)
AFTER = Table(name="after", holds=Alarm)


class StoredRows:
    """Rows on disk, as a dict."""

    def __init__(self, rows: dict[bytes, bytes]) -> None:
        self._rows = rows
        self._keys = sorted(rows)

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def between(self, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
        for key in self._keys[bisect_left(self._keys, low) : bisect_left(self._keys, high)]:
            yield key, self._rows[key]


keys = st.text(st.sampled_from("abé\U0001f514"), max_size=3)
rows = st.dictionaries(keys, st.text(max_size=3), max_size=12)
changes = st.lists(st.tuples(keys, st.none() | st.text(max_size=3)), max_size=40)


def overlay_over(stored: dict[str, str], unit: list[tuple[str, str | None]]) -> Overlay:
    on_disk = {
        code + key.encode(): codec.encode(Alarm(row=row)) for code in CODES.values() for key, row in stored.items()
    }
    writes = Writes()
    for key, row in unit:
        writes.put(CODES["alarms"] + key.encode(), None if row is None else codec.encode(Alarm(row=row)))
    return Overlay(CODES, StoredRows(on_disk), writes, {})


def expected(stored: dict[str, str], *layers: list[tuple[str, str | None]]) -> dict[str, str]:
    newest: dict[str, str | None] = dict(stored)
    for layer in layers:
        newest.update(layer)
    return {key: row for key, row in newest.items() if row is not None}


@given(stored=rows, unit=changes, own=changes, low=keys, high=keys, limit=st.integers(0, 5))
def test_a_range_is_what_a_dict_with_all_writes_would_hold(
    stored: dict[str, str],
    unit: list[tuple[str, str | None]],
    own: list[tuple[str, str | None]],
    low: str,
    high: str,
    limit: int,
) -> None:
    overlay = overlay_over(stored, unit)
    for number, (key, row) in enumerate(own):
        if row is None:
            overlay.delete(ALARMS, key)
        else:
            overlay.put(ALARMS, key, Alarm(row=row))
        if number % 3 == 0:
            overlay.range(ALARMS, "", "\U0010ffff", 2)  # reading in between brings the writes so far into order
    model = expected(stored, unit, own)
    inside = sorted((k for k in model if low.encode() <= k.encode() < high.encode()), key=str.encode)
    assert [(k, alarm.row) for k, alarm in overlay.range(ALARMS, low, high, limit)] == [
        (k, model[k]) for k in inside[:limit]
    ]
    for key in {*stored, *model, "absent"}:
        found = overlay.get(ALARMS, key)
        assert (found.row if found else None) == model.get(key)


def write(overlay: Overlay, each: list[tuple[str, str | None]]) -> None:
    for key, row in each:
        if row is None:
            overlay.delete(ALARMS, key)
        else:
            overlay.put(ALARMS, key, Alarm(row=row))


@given(stored=rows, kept=changes, undone=changes, after=changes)
def test_what_is_undone_was_never_written(
    stored: dict[str, str],
    kept: list[tuple[str, str | None]],
    undone: list[tuple[str, str | None]],
    after: list[tuple[str, str | None]],
) -> None:
    overlay, never = overlay_over(stored, []), overlay_over(stored, [])
    for each in (overlay, never):
        write(each, kept)
    overlay.begin()
    write(overlay, undone)
    overlay.undo()
    for each in (overlay, never):
        each.begin()
        write(each, after)
        assert each.keep()
    assert list(overlay.writes.items()) == list(never.writes.items())
    assert overlay.writes.size_bytes == never.writes.size_bytes
    everything = [each.range(ALARMS, "", "\U0010ffff", 1000) for each in (overlay, never)]
    assert everything[0] == everything[1]


def test_what_does_not_fit_beside_the_rest_is_left_and_alone_it_fits() -> None:
    overlay = overlay_over({}, [])
    large: list[tuple[str, str | None]] = [("a", "x" * 500_000)]
    for expected_to_fit, key in ((True, "a"), (False, "b")):
        overlay.begin()
        write(overlay, [(key, large[0][1])])
        assert overlay.keep() is expected_to_fit
    assert [key for key, _ in overlay.range(ALARMS, "", "~", 10)] == ["a"]
    assert overlay.had_enough()


@given(stored=rows, own=changes)
def test_tables_do_not_see_each_other(stored: dict[str, str], own: list[tuple[str, str | None]]) -> None:
    overlay = overlay_over(stored, [])
    for key, row in own:
        overlay.put(ALARMS, key, Alarm(row=row or ""))
    for neighbour in (BEFORE, AFTER):
        assert {k: alarm.row for k, alarm in overlay.range(neighbour, "", "\U0010ffff", 100)} == stored


def test_the_first_layer_wins_and_a_deletion_hides_what_lies_below() -> None:
    layers = ([(b"a", b"new"), (b"b", None)], [(b"a", b"old"), (b"b", b"old"), (b"c", b"old")])
    assert newest_of(layers, 10) == [(b"a", b"new"), (b"c", b"old")]
    assert newest_of(layers, 1) == [(b"a", b"new")]
    assert newest_of(layers, 0) == []
