"""Two stacks of blocks, and what is marked as changed in them."""

from dataclasses import replace

import pytest
from any_config import run_configs
from hypothesis import given
from unspoken import UNSPOKEN

from lab.config import RunConfig
from lab.layers import ImpossibleNetwork
from lab.stacks import Block, Pair, pairs, stack
from lab.steps import STEPS, Step, step
from lab.training_config import Schedule


def compared(number: int) -> list[Pair]:
    return pairs(stack(step(number - 1).config), stack(step(number).config))


def marked(number: int) -> list[str]:
    return [pair.after.name for pair in compared(number) if pair.mark and pair.after]


def test_a_stack_goes_from_the_images_to_how_it_learns() -> None:
    blocks = stack(step(3).config)
    names = ["conv 5×5", "conv 1×1", "max pool 2×2", "conv 3×3", "conv 1×1", "max pool 2×2", "conv 3×3", "conv 3×3"]
    assert [block.name for block in blocks] == ["28×28 images", *names, "mean of each map", "learning"]
    assert blocks[0].details == ("unchanged",)
    assert blocks[1].details == ("96 maps of 28×28", "batch norm", "ReLU")
    assert blocks[-2].details == ("10 values",)
    assert blocks[-1].details == ("learning rate 0.01", "batches of 64")


def test_step_3_marks_every_layer_that_gets_batch_norm_or_dropout() -> None:
    assert len(marked(3)) == 5 + 2  # convolutions but the scoring one, poolings
    assert {pair.new_details for pair in compared(3) if pair.mark} == {("batch norm",), ("dropout",)}


def test_steps_4_and_5_mark_one_block_each() -> None:
    assert (marked(4), marked(5)) == (["28×28 images"], ["learning"])


def test_that_images_are_deslanted_stands_with_the_images() -> None:
    upright = replace(step(4).config, network=replace(step(4).config.network, deslant=True))
    assert stack(upright)[0].details == ("deslanted", "rotation ±7°")


def test_what_is_gone_is_marked_where_it_was() -> None:
    less = replace(step(5).config, network=replace(step(5).config.network, dropout=0.0), schedule=Schedule(kind="none"))
    found = pairs(stack(step(5).config), stack(less))
    assert {pair.gone_details for pair in found if pair.mark} == {("dropout",), ("× 0.1 every 5 epochs",)}


def test_beyond_averages_its_weights_under_learning() -> None:
    assert "weights averaged (0.998)" in compared(6)[-1].new_details


def test_smallest_marks_the_layers_that_make_fewer_maps_and_how_it_learns() -> None:
    """Of the ten layers only the last two make as many as before: the 10 maps, and the class scores."""
    assert [bool(pair.mark) for pair in compared(7)] == [False, *[True] * 8, False, False, True]
    assert compared(7)[2].new_details == ("8 maps of 28×28",) and compared(7)[2].gone_details == ("16 maps of 28×28",)


def test_of_two_networks_of_another_shape_no_layer_is_said_to_have_become_another() -> None:
    found = compared(2)
    assert [pair.mark for pair in found] == ["", *["changed"] * 9, ""]  # the images, nine layers each, how it learns
    assert not [pair for pair in found if pair.new_details or pair.gone_details]


def test_a_layer_that_is_the_same_in_the_same_place_is_not_marked() -> None:
    *_, mean, _ = compared(6)
    assert mean.before == mean.after and mean.after is not None and mean.after.name == "mean of each map"
    assert not mean.mark


def test_a_layer_put_between_others_leaves_those_as_they_are() -> None:
    config = step(3).config
    more = replace(config, network=replace(config.network, layers=(*config.network.layers[:1], *config.network.layers)))
    found = pairs(stack(config), stack(more))
    assert [pair.mark for pair in found].count("new") == 1


@pytest.mark.parametrize("preset", STEPS, ids=lambda preset: preset.name)
def test_a_stack_beside_itself_has_nothing_marked(preset: Step) -> None:
    assert not [pair for pair in pairs(stack(preset.config), stack(preset.config)) if pair.mark]


def test_a_place_that_one_stack_lacks_is_left_empty_there() -> None:
    one, two = Block(name="one"), Block(name="two")
    assert [(pair.before, pair.after) for pair in pairs([one], [one, two])] == [(one, one), (None, two)]
    assert [pair.mark for pair in pairs([one, two], [two])] == ["gone", ""]
    assert pairs([replace(one, details=("x",))], [one])[0].mark == "changed"


@given(run_configs)
def test_no_block_is_in_the_words_of_a_program(config: RunConfig) -> None:
    try:
        blocks = stack(config)
    except ImpossibleNetwork:
        return
    assert not [block for block in blocks if UNSPOKEN.search(" ".join([block.name, *block.details]))]
