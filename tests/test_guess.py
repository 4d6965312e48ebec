"""A guess is told in words, and so is how far off it was."""

import pytest

from lab.guess import GUESSES, Guess, verdict


def test_every_accuracy_lies_within_exactly_one_guess() -> None:
    for correct in range(10_001):
        assert sum(guess.low <= correct / 100 < guess.high for guess in GUESSES) == 1


def test_a_guess_is_told_as_a_range() -> None:
    assert [guess.words for guess in GUESSES] == [
        "under 90 %",
        "90 to 95 %",
        "95 to 98 %",
        "98 to 99 %",
        "99 to 99.4 %",
        "99.4 % or more",
    ]
    assert [guess.short for guess in GUESSES] == ["< 90", "90–95", "95–98", "98–99", "99–99.4", "≥ 99.4"]


@pytest.mark.parametrize(
    ("accuracy", "off", "words"),
    [
        (98.41, 98.41 - 98, "0.41 points more"),
        (93.5, 93.5 - 95, "1.50 points less"),
        (96.85, 0.0, "as you guessed"),
        (95.0, 0.0, "as you guessed"),
        (98.0, 0.0, "just above"),
    ],
)
def test_how_far_off_it_was_is_the_way_to_its_nearer_end(accuracy: float, off: float, words: str) -> None:
    guess = Guess(95, 98)
    assert guess.off(accuracy) == pytest.approx(off)
    assert verdict(guess, accuracy)[0] == words


def test_only_a_curve_that_came_through_a_guess_is_said_to_have_left_it() -> None:
    guess = Guess(95, 98)
    assert "leave your guess" in verdict(guess, 98.41)[1]
    assert "leave your guess" not in verdict(guess, 10.1)[1]  # it may never have come there


def test_an_axis_that_shows_a_guess_begins_at_its_low_end_or_five_points_below_its_high_one() -> None:
    assert [guess.least for guess in GUESSES] == pytest.approx([85, 90, 95, 98, 99, 99.4])
