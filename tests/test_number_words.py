"""Numbers as people read them: minus signs, units, and probabilities that are not rounded to certainty."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lab.number_words import NO_BREAK, decimal, percent_sign, percent_words, signed, typed, unbroken

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.831, "83.1 %"), (0.9994, "99.9 %"), (0.99996, "over 99.9 %"), (0.0006, "0.1 %"), (0.0, "under 0.1 %")],
)
def test_nothing_is_said_to_be_certain(probability: float, words: str) -> None:
    assert typed(percent_words(probability)) == words
    assert typed(percent_sign(probability)) == words.replace("over", ">").replace("under", "<")


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 3))
@example(0.001, 3)  # 0.100 %
def test_no_probability_below_1_is_shown_as_100_percent(probability: float, digits: int) -> None:
    for words in (percent_words(probability, digits), percent_sign(probability, digits)):
        assert not re.search(r"(?<![\d.])100[\s.]", words) and not re.match(r"0(\.0*)?\s", words)


def test_no_page_writes_a_probability_in_another_way() -> None:
    """`100 * probability:.1f` is what `percent_words` stands for; accuracies are shares of counted images."""
    for path in [*ROOT.glob("pages/*.py"), *ROOT.glob("lab/**/*.py")]:
        if path.name not in ("number_words.py", "oddity.py"):
            assert not re.search(r"100 \* \(?(float\()?\w*prob", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    ("value", "words"), [(0.123, "+0.12"), (-0.4, "−0.40"), (0.0, "0.00"), (-0.001, "0.00"), (12, "+12.00")]
)
def test_a_difference_has_a_true_sign_and_none_where_there_is_no_difference(value: float, words: str) -> None:
    assert signed(value) == words


@pytest.mark.parametrize(("value", "words"), [(-0.5, "−0.500"), (-0.0001, "0.000"), (1.5, "1.500")])
def test_a_negative_number_has_a_true_minus_sign(value: float, words: str) -> None:
    assert decimal(value, 3) == words


@pytest.mark.parametrize(
    "text", ["99.40 %", "3 min 20 s", "1 h 5 min", "0.12 points", "1 point", "0.5 GB", "< 0.1 %", "99.30 ± 0.05 %"]
)
def test_no_line_ends_between_a_number_and_its_unit(text: str) -> None:
    assert unbroken(text) == text.replace(" ", NO_BREAK)
    assert typed(unbroken(text)) == text


def test_a_terminal_and_a_file_get_the_signs_of_a_keyboard() -> None:
    assert typed("conv 5×5, 96×28×28, −0.5, × 0.1 every 5 epochs") == "conv 5x5, 96x28x28, -0.5, × 0.1 every 5 epochs"


@pytest.mark.parametrize("text", ["5 runs", "step 3 say", "of 10 seeds", "Epoch 3 of 15", "a 3 hours", "7 pointers"])
def test_a_line_may_end_everywhere_else(text: str) -> None:
    assert unbroken(text) == text


def test_files_and_terminals_get_the_signs_of_a_keyboard() -> None:
    assert typed("−0.40\u00a0points") == "-0.40 points"
