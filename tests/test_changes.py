"""What is changed from one config to another, in sentences."""

from dataclasses import replace

import pytest
from any_config import run_configs
from examples import tiny_run
from hypothesis import given
from unspoken import UNSPOKEN

from lab.changes import changes
from lab.config import RunConfig
from lab.steps import step
from lab.training_config import Augmentation, Schedule


@pytest.mark.parametrize(
    ("number", "sentences"),
    [
        (
            2,
            [
                "New layers: 9,122 parameters instead of 185,930, and 3.5 million multiplications per image "
                "instead of 54.0."
            ],
        ),
        (
            3,
            [
                "Batch norm follows every convolution except the one that makes the class scores: 304 more parameters.",
                "Dropout: during training, 5 % of the values after every pooling are set to zero.",
            ],
        ),
        (
            4,
            [
                "Every training image is changed a little, in a new way in every epoch: rotation ±7° "
                "(interpolation: nearest neighbour)."
            ],
        ),
        (5, ["The learning rate is multiplied by 0.1 every 5 epochs."]),
        (
            6,
            [
                "New layers: 9,884 parameters instead of 9,426, and 1.8 million multiplications per image instead of "
                "3.5.",
                "Dropout is removed.",
                "No layer has a bias.",
                "Each image is read twice, as it is and moved by one pixel to the left, and the scores are averaged: "
                "an answer takes twice the work.",
                "Every image is deslanted first: its rows are shifted so that the digit stands upright.",
                "The training images are changed in another way: rotation ±7°, shift ±1 px, scale ±8 %, "
                "stroke thickness ±0.3 px "
                "(interpolation: blend of four) instead of rotation ±7° (interpolation: nearest neighbour).",
                "The learning rate rises for the first 30 % of the run, then falls to almost zero (one cycle).",
                "A running average of the weights is tested and kept (0.998).",
                "Learning rate: 0.05 instead of 0.01.",
                "Batch size: 32 instead of 64.",
            ],
        ),
    ],
)  # fmt: skip
def test_what_a_step_changes_is_said_in_sentences(number: int, sentences: list[str]) -> None:
    """304: scale and shift of 96 + 16 + 16 + 8 + 16 maps."""
    assert 2 * (96 + 16 + 16 + 8 + 16) == 304
    assert changes(step(number - 1).config, step(number).config) == sentences


def test_beside_new_layers_the_parameters_of_batch_norm_are_not_counted_by_themselves() -> None:
    said = changes(step(1).config, step(3).config)
    assert said[0].startswith("New layers: 9,426 parameters instead of 185,930")
    assert said[1] == "Batch norm follows every convolution except the one that makes the class scores."


def test_what_is_taken_away_is_said_too() -> None:
    assert changes(step(5).config, step(2).config) == [
        "Batch norm is removed.",
        "Dropout is removed.",
        "The training images are no longer changed.",
        "The learning rate stays the same for the whole run.",
    ]
    assert changes(tiny_run(), tiny_run()) == []


def test_a_value_that_is_only_another_one_is_said_with_both() -> None:
    few = tiny_run(measure_training=False, schedule=Schedule(kind="cosine"))
    assert changes(tiny_run(), few) == [
        "The learning rate falls along half a cosine wave, to almost zero at the end.",
        "Measure on training images: no instead of yes.",
    ]
    network = replace(tiny_run().network, dropout=0.1)
    more = replace(network, dropout=0.2)
    assert changes(tiny_run(network=network), tiny_run(network=more)) == [
        "Dropout: during training, 20 % of the values after every pooling are set to zero, instead of 10 %."
    ]
    blended = tiny_run(augmentation=Augmentation(interpolation="bilinear"))
    assert changes(tiny_run(), blended) == ["Interpolation: blend of four instead of nearest neighbour."]


def test_that_images_are_deslanted_is_said_and_that_they_no_longer_are() -> None:
    upright = tiny_run(network=replace(tiny_run().network, deslant=True))
    assert changes(tiny_run(), upright) == [
        "Every image is deslanted first: its rows are shifted so that the digit stands upright."
    ]
    assert changes(upright, tiny_run()) == ["Images are no longer deslanted."]


@given(run_configs, run_configs)
def test_two_configs_that_differ_have_a_sentence_and_none_is_in_the_words_of_a_program(
    left: RunConfig, right: RunConfig
) -> None:
    said = changes(left, right)
    assert bool(said) == (left != right)
    assert not [sentence for sentence in said if UNSPOKEN.search(sentence) or not sentence.endswith(".")]
