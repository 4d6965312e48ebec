"""What is stated beside a field: numbers read as they were typed or refused, and the same words everywhere."""

import typing
from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.config import RunConfig
from lab.fields import Choice, ConfigError, Number, Switch, Whole, about, number, number_text, shown
from lab.network_config import LayerSpec, NetworkConfig
from lab.training_config import Augmentation, Optimizer, Schedule

KINDS = (LayerSpec, NetworkConfig, Augmentation, Optimizer, Schedule, RunConfig)
RATE = number(Optimizer, "learning_rate")
EPOCHS = number(RunConfig, "epochs")


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.00005", 0.00005), (" 0.02 ", 0.02), ("5e-5", 0.00005), ("1E-3", 0.001), (".5", 0.5), ("1.", 1.0), ("+2", 2.0)],
)
def test_a_number_is_read_as_it_was_typed(text: str, value: float) -> None:
    assert RATE.parse("Learning rate", text) == value


@pytest.mark.parametrize(("text", "value"), [("15", 15), ("15.0", 15), ("1e2", 100), ("007", 7)])
def test_a_whole_number_stays_one(text: str, value: int) -> None:
    parsed = EPOCHS.parse("Epochs", text)
    assert (parsed, type(parsed)) == (value, int)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0,02", "Learning rate is '0,02'; write it without a comma, with a point: 0.02."),
        ("1,000", "Learning rate is '1,000'; write it without a comma, with a point: 0.02."),
        ("abc", "Learning rate is 'abc'; it must be a number from 0.000001 to 10."),
        ("", "Learning rate is ''; it must be a number from 0.000001 to 10."),
        ("nan", "Learning rate is 'nan'; it must be a number from 0.000001 to 10."),
        ("inf", "Learning rate is 'inf'; it must be a number from 0.000001 to 10."),
        ("1_0", "Learning rate is '1_0'; it must be a number from 0.000001 to 10."),
        ("١", "Learning rate is '١'; it must be a number from 0.000001 to 10."),
        ("0.01.1", "Learning rate is '0.01.1'; it must be a number from 0.000001 to 10."),
        ("0x1", "Learning rate is '0x1'; it must be a number from 0.000001 to 10."),
        ("11", "Learning rate is 11; it must be a number from 0.000001 to 10."),
        ("0", "Learning rate is 0; it must be a number from 0.000001 to 10."),
        ("1e999", "Learning rate is 1e999; it must be a number from 0.000001 to 10."),
    ],
)
def test_what_is_no_such_number_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        RATE.parse("Learning rate", text)
    assert str(error.value) == sentence


def test_thousands_are_written_without_a_comma() -> None:
    with pytest.raises(ConfigError) as error:
        number(RunConfig, "training_images").parse("Training images", "6,000")
    assert str(error.value) == "Training images is '6,000'; write it without a comma, in digits only: 6000."


@pytest.mark.parametrize("text", ["2.5", "0", "201", "-1", "1e-1", "1e400", "9" * 5000, "1" * 30, "15 epochs"])
def test_what_is_no_such_whole_number_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="it must be a whole number from 1 to 200") as error:
        EPOCHS.parse("Epochs", text)
    assert len(str(error.value)) < 140


@given(st.floats(1e-6, 10) | st.integers(1, 10))
def test_a_number_that_is_shown_is_read_as_the_very_same_number(value: float) -> None:
    text = number_text(value)
    assert "e" not in text
    assert RATE.parse("Learning rate", text) == value


@pytest.mark.parametrize(
    ("value", "text"), [(1e-6, "0.000001"), (0.00005, "0.00005"), (10.0, "10"), (60_000, "60000"), (0.1, "0.1")]
)
def test_a_number_is_shown_in_full(value: float, text: str) -> None:
    assert number_text(value) == text


def test_every_field_that_is_no_part_says_what_it_may_hold_and_helps() -> None:
    for kind in KINDS:
        plain = typing.get_type_hints(kind)
        parts = {item.name for item in fields(kind) if plain[item.name] in KINDS or item.name == "layers"}
        assert set(about(kind)) == set(plain) - parts
        assert all(stated.label and stated.help for stated in about(kind).values())


def test_every_default_lies_in_its_range_and_a_slider_has_whole_steps() -> None:
    for kind in KINDS:
        for name, stated in about(kind).items():
            if isinstance(stated, Number):
                assert stated.low < stated.high
                assert (Decimal(repr(stated.high)) - Decimal(repr(stated.low))) % Decimal(repr(stated.step)) < 1, name
                assert isinstance(stated, Whole) == (typing.get_type_hints(kind)[name] in (int, int | None))


def test_a_choice_has_words_for_its_own_values_only() -> None:
    for kind in KINDS:
        for stated in about(kind).values():
            assert isinstance(stated, Number | Choice | Switch)
            if isinstance(stated, Choice):
                assert stated.options and set(stated.words) <= set(stated.options)


def test_a_wrong_value_is_named_in_a_few_words_however_deep_or_long_it_is() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, "x" * 10_000, list(range(10_000)), {"a": deep}):
        assert len(shown(value)) < 100
    while deep:  # taken apart by hand: Python would do it recursively
        deep = deep.pop()  # type: ignore[assignment]
