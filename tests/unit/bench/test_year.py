from bench import year
from processors.decide import tables as decide
from processors.dispatch import tables as dispatch
from schemas.wire import event_from_mapping

CLIENTS, DAYS = 60, 25


def test_the_year_is_in_order_and_every_event_is_valid() -> None:
    told = [event_from_mapping(document) for document in year.events(CLIENTS, DAYS, seed=1)]
    assert [event.time for event in told] == sorted(event.time for event in told)
    assert len({event.id for event in told}) == len(told)
    assert {event.type for event in told} >= {
        "cart.changed",
        "order.completed",
        "appointment.cancelled",
        "order.edited",
    }


def test_a_year_is_the_same_each_time_and_another_with_another_seed() -> None:
    first, again, other = (list(year.events(CLIENTS, 5, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_when_a_year_is_over_nothing_waits_any_more() -> None:
    """What stages keep for ever is what they heard and sent; what waited has left no row behind."""
    figures = year.rehearse(CLIENTS, DAYS, seed=1)
    assert figures.events == len(list(year.events(CLIENTS, DAYS, seed=1)))
    assert figures.records["delivery.commands.sms.normal"] > 0
    assert figures.records["dead-letters"] == 0
    assert figures.quarters[1][1] > 0
    waiting = {
        table.name: len(figures.runner.rows(stage, table))
        for stage, tables in (
            ("decide", (decide.PLANS, decide.TIMERS, decide.EMISSIONS)),
            ("dispatch", (dispatch.HELD, dispatch.TIMERS)),
        )
        for table in tables
    }
    assert set(waiting.values()) == {0}, waiting
