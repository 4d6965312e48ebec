"""An answer in figures and words: the second choice where it counts, and a guess where it is no digit."""

import numpy as np
import pytest

from lab.answer import Answer, Probabilities, answer_to
from lab.drawing import Gray, Points, stroke_stages
from lab.number_words import unbroken

HOUSE = [
    np.array([(60.0, 130), (60, 240), (220, 240), (220, 130), (60, 130), (140, 50), (220, 130)]),
    np.array([(120.0, 240), (120, 180), (160, 180), (160, 240)]),
]
SURE = np.array([0.995, 0.005, 0, 0, 0, 0, 0, 0, 0, 0], dtype=np.float32)
UNSURE = np.array([0.6, 0, 0, 0.4, 0, 0, 0, 0, 0, 0], dtype=np.float32)
BLACK = np.zeros((28, 28), dtype=np.float32)


class IsSure:
    """A network that sees every picture upside down, and is sure that it is a 0."""

    description, status = "run 7", ""

    def given(self, pictures: Gray) -> Gray:
        return pictures[::-1]

    def reads(self, given: Gray) -> Probabilities:
        return SURE


def test_the_second_choice_is_named_where_it_has_a_percent() -> None:
    sure, unsure = (Answer(probabilities, BLACK, None, "run 7").row() for probabilities in (SURE, UNSURE))
    assert (sure["digit"], sure["words"], sure["next"]) == (0, unbroken("with a probability of 99.5 %"), "")
    assert (unsure["words"], unsure["next"]) == (
        unbroken("with a probability of 60.0 %"),
        unbroken("next: 3, 40.0 %"),
    )


@pytest.mark.parametrize(("second", "named"), [(0.015, True), (0.005, False)])
def test_a_percent_is_what_a_second_choice_needs(second: float, named: bool) -> None:
    probabilities = np.array([1 - second, second, *[0.0] * 8], dtype=np.float32)
    assert bool(Answer(probabilities, BLACK, None, "run 7").row()["next"]) == named


def test_an_answer_that_is_nearly_certain_is_not_said_to_be_so_in_words_or_beside_its_bar() -> None:
    row = Answer(np.array([0.99998, *[0.00002 / 9] * 9], dtype=np.float32), BLACK, None, "run 7").row()
    assert row["words"] == unbroken("with a probability of over 99.9 %")
    assert row["percent"] == [unbroken("> 99.9 %"), *[unbroken("< 0.1 %")] * 9]
    assert row["bars"].endswith(unbroken("The highest: 0 with over 99.9 %"))


def test_the_bars_say_their_figures_and_what_they_show() -> None:
    row = Answer(UNSURE, BLACK, None, "run 7").row()
    none = "< 0.1 %"
    assert row["percent"] == [unbroken(one) for one in ("60.0 %", none, none, "40.0 %", *[none] * 6)]
    assert row["bars"] == unbroken("Ten probabilities, one for each digit. The highest: 0 with 60.0 %")
    assert row["reader"] == "Read by run 7."


@pytest.mark.parametrize(
    ("strokes", "why"),
    [(HOUSE, "it has three holes, and a digit has at most two"), ([np.array([(90.0, 90.0)])], "it is a dot")],
)
def test_what_does_not_look_like_a_digit_is_said_to_be_so_and_answered_with_a_guess(
    strokes: list[Points], why: str
) -> None:
    row = answer_to(stroke_stages(strokes), IsSure()).row()
    assert row["odd"].startswith("This does not look like one digit: ") and why in row["odd"]
    assert row["odd"].endswith("But the network must choose one.")
    assert row["words"] == unbroken("only a guess, with a probability of 99.5 %")


def test_what_looks_like_a_digit_is_no_guess() -> None:
    seven = [np.array([(80.0, 70.0), (200.0, 70.0), (130.0, 230.0)])]
    row = answer_to(stroke_stages(seven), IsSure()).row()
    assert row["odd"] == "" and "guess" not in row["words"]


def test_the_picture_of_an_answer_is_the_one_that_the_network_was_given() -> None:
    stages = stroke_stages([np.array([(80.0, 70.0), (200.0, 70.0), (130.0, 230.0)])])
    assert np.array_equal(answer_to(stages, IsSure()).picture, stages[-1].image[::-1])
