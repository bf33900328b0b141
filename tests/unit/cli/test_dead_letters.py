from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.dead_letter import DeadLetter, Replay
from schemas.faults import Fault
from tidings.dead_letters import Fate, filed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def letter(offset: int) -> DeadLetter:
    return DeadLetter(
        topic="events",
        partition=0,
        offset=offset,
        stage="decide",
        at=NOON + timedelta(seconds=offset),
        faults=(Fault(path="data.items", reason="is missing"),),
    )


def replay(of: int, to: int) -> Replay:
    return Replay(letter=letter(of).id, topic="events", partition=0, offset=to, at=NOON + timedelta(seconds=to))


def test_a_letter_is_open_until_it_was_replayed() -> None:
    [first, second] = filed([letter(2), letter(1), replay(1, 7)])
    assert (first.letter.offset, first.fate) == (1, Fate.REPLAYED)
    assert (second.letter.offset, second.fate) == (2, Fate.OPEN)


def test_a_replay_that_is_refused_again_names_the_new_letter() -> None:
    [old, new] = filed([letter(1), replay(1, 7), letter(7)])
    assert (old.fate, old.successor) == (Fate.REFUSED_AGAIN, new.letter)
    assert new.fate is Fate.OPEN


def test_the_last_replay_counts() -> None:
    [old, _] = filed([letter(1), replay(1, 9), replay(1, 7), letter(7)])
    assert [each.offset for each in old.replays] == [7, 9]
    assert old.fate is Fate.REPLAYED


def test_a_letter_that_was_set_aside_twice_is_one() -> None:
    assert len(filed([letter(1), letter(1)])) == 1


def timer(offset: int, number: int, key: bytes = b"timer") -> DeadLetter:
    return replace(letter(offset), topic="ticks", timer=number, key=key)


def test_timers_of_one_tick_are_letters_of_their_own() -> None:
    assert [each.letter.id for each in filed([timer(1, 1), timer(1, 2), timer(1, 1)])] == [
        "ticks/0/1/decide/1",
        "ticks/0/1/decide/2",
    ]


def test_a_timer_that_fails_again_after_it_was_put_back_names_the_new_letter() -> None:
    first = timer(1, 1)
    note = Replay(letter=first.id, topic="ticks", partition=0, offset=7, at=NOON + timedelta(seconds=7))
    others = [timer(6, 1), timer(8, 1, b"another")]
    assert {each.letter.id: each.fate for each in filed([first, note, *others])}[first.id] is Fate.REPLAYED
    [old, *_] = filed([first, note, *others, timer(9, 2)])
    assert (old.fate, old.successor) == (Fate.REFUSED_AGAIN, timer(9, 2))
