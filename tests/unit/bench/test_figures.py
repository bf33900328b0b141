from collections.abc import Sequence

import pytest

from bench.figures import Sample, median, paired_ratio, percentile
from bench.table import shown, table


@pytest.mark.parametrize(("values", "wanted"), [([3.0], 3.0), ([5.0, 1.0, 3.0], 3.0), ([4.0, 1.0, 2.0, 3.0], 2.5)])
def test_the_median_is_the_middle(values: Sequence[float], wanted: float) -> None:
    assert median(values) == wanted


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_measured(share: float, wanted: float) -> None:
    assert percentile(list(range(100, 0, -1)), share) == wanted


def test_no_values_have_no_median_and_no_percentile() -> None:
    with pytest.raises(ValueError, match="no median"):
        median([])
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 0.5)


def test_ratios_are_taken_within_a_round_so_that_a_busy_round_does_not_count_twice() -> None:
    theirs, ours = [40.0, 400.0, 50.0], [20.0, 200.0, 10.0]
    assert paired_ratio(theirs, ours) == 2.0


def test_a_sample_says_what_an_event_costs() -> None:
    sample = Sample(events=1000, wall_seconds=2.0, cpu_seconds=0.5, broker_cpu_seconds=0.1)
    assert (sample.cpu_micros, sample.broker_micros) == (500.0, 100.0)
    assert (sample.events_per_second, sample.events_per_core_second) == (500.0, 2000.0)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(1_234_567, "1,234,567"), (1234.5, "1,234"), (12.345, "12.3"), (1.2345, "1.23"), (3, "3"), ("no", "no")],
)
def test_a_number_has_three_digits(value: object, wanted: str) -> None:
    assert shown(value) == wanted


def test_a_table_is_in_line_and_its_numbers_stand_to_the_right() -> None:
    assert table(("engine", "µs"), [("Tidings", 20.04), ("stock Faust", 1200)]).splitlines() == [
        "| engine      |    µs |",
        "| ----------- | ----: |",
        "| Tidings     |  20.0 |",
        "| stock Faust | 1,200 |",
    ]
