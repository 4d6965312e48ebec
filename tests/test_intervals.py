"""Intervals by the textbook's figures."""

import math

import pytest

from lab.intervals import difference_interval, mean_interval, next_interval, place, share_interval


def test_a_mean_lies_within_students_t_of_it() -> None:
    # mean 3, s = sqrt(2.5), t(4) = 2.776: 3 +- 2.776 * 1.5811 / 2.2361
    assert mean_interval([1, 2, 3, 4, 5]) == pytest.approx((3 - 1.9633, 3 + 1.9633), abs=1e-3)


def test_one_more_value_is_expected_in_a_wider_interval_than_the_mean() -> None:
    # 2.776 * 1.5811 * sqrt(1 + 1/5)
    assert next_interval([1, 2, 3, 4, 5]) == pytest.approx((3 - 4.8087, 3 + 4.8087), abs=1e-3)


@pytest.mark.parametrize("values", [[], [99.4]])
def test_one_value_or_none_has_no_interval(values: list[float]) -> None:
    assert mean_interval(values) is None
    assert next_interval(values) is None
    assert difference_interval(values, [1, 2]) is None
    assert difference_interval([1, 2], values) is None


def test_equal_values_have_an_interval_without_width() -> None:
    assert mean_interval([99.4, 99.4]) == next_interval([99.4, 99.4]) == (99.4, 99.4)
    assert difference_interval([2.0, 2.0], [1.0, 1.0]) == (1, 1)


def test_a_difference_of_means_lies_within_welchs_t_of_it() -> None:
    # equal sizes and spreads: degrees of freedom 2 * 4; t(8) = 2.306; error sqrt(2 * 2.5 / 5) = 1
    assert difference_interval([2, 3, 4, 5, 6], [1, 2, 3, 4, 5]) == pytest.approx((1 - 2.306, 1 + 2.306), abs=1e-3)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 20, 0.0089, 0.2361), (20, 20, 0.8389, 1.0), (5, 10, 0.2366, 0.7634)],
)
def test_a_share_lies_within_wilsons_interval(hits: int, of: int, low: float, high: float) -> None:
    assert share_interval(hits, of) == pytest.approx((low, high), abs=1e-4)


def test_accuracies_that_differ_by_rounding_alone_are_equal() -> None:
    found = place(99.4, [99.39999999999999, 99.40000000000001, 99.39, 99.41])
    assert (found.below, found.equal, found.above) == (1, 2, 1)


def test_a_place_counts_the_lower_the_equal_and_the_higher_ones() -> None:
    found = place(99.40, [99.26, 99.39, 99.40, 9941 / 100])
    assert (found.below, found.equal, found.above) == (2, 1, 1)
    assert math.isclose(found.percentile, 100 * 2.5 / 4)
