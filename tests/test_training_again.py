"""The same run again: repeated by its seed and, where it was interrupted, resumed bit for bit."""

from dataclasses import replace

import pytest
import torch
from examples import EVERYTHING, epochs_of, facts, kinds, noted, resume_point, tiny_run
from hypothesis import given
from hypothesis import strategies as st

from lab.config import RunConfig
from lab.events import Started, Window
from lab.mnist import Mnist, to_unit
from lab.network_config import NetworkConfig, conv, linear, max_pool
from lab.seeding import derived_seed
from lab.steps import step
from lab.training import train
from lab.training_config import Augmentation, Optimizer, Schedule


def test_a_run_is_repeated_exactly_by_its_seed(few: Mnist) -> None:
    first, again = ([facts(epoch) for epoch in epochs_of(train(EVERYTHING, few))] for _ in range(2))
    assert first == again
    assert first != [facts(epoch) for epoch in epochs_of(train(replace(EVERYTHING, seed=2), few))]


def test_a_run_neither_uses_nor_moves_the_process_wide_generator(few: Mnist, untouched_randomness: None) -> None:
    assert kinds(train(EVERYTHING, few))[-1] == "finished"


def test_two_runs_in_turns_do_not_disturb_each_other(few: Mnist) -> None:
    configs = [EVERYTHING, replace(EVERYTHING, seed=2)]
    alone = [[facts(epoch) for epoch in epochs_of(train(config, few))] for config in configs]
    in_turns = zip(*(train(config, few) for config in configs), strict=True)  # an event of each
    together = [[facts(epoch) for epoch in epochs_of(events)] for events in zip(*in_turns, strict=True)]
    assert together == alone


def test_a_used_process_gives_the_same_run(few: Mnist) -> None:
    expected = [facts(epoch) for epoch in epochs_of(train(EVERYTHING, few))]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12345)
        torch.rand(1000)
        assert [facts(epoch) for epoch in epochs_of(train(EVERYTHING, few))] == expected


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 200), st.integers(0, 3)), unique=True, max_size=50))
def test_every_seed_epoch_and_purpose_has_a_seed_of_its_own(keys: list[tuple[int, int, int]]) -> None:
    assert len({derived_seed(*key) for key in keys}) == len(keys)


def test_each_epoch_has_another_order(few: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    monkeypatch.setattr("lab.compute.trainer.to_unit", lambda images: to_unit(noted(seen, images)))
    config = tiny_run(epochs=2, batch_size=48, measure_training=False)
    list(train(config, few))
    first, _evaluated, second, _evaluated_again = seen
    assert not torch.equal(first, second)


# --- going on ----------------------------------------------------------------------------------------------------

RESUMED = {
    "sgd with momentum, plain": tiny_run(),
    "sgd without momentum": tiny_run(optimizer=Optimizer(learning_rate=0.05, momentum=0)),
    "sgd with weight decay": tiny_run(optimizer=Optimizer(learning_rate=0.05, weight_decay=0.01)),
    "batch norm, dropout, augmentation, one cycle": EVERYTHING,
    "the same with adamw": replace(EVERYTHING, optimizer=Optimizer(kind="adamw", learning_rate=0.01, weight_decay=0.1)),
    "nearest rotation, step schedule": replace(
        EVERYTHING, augmentation=Augmentation(rotation=7), schedule=Schedule(kind="step", step_size=1)
    ),
    "the plain path": replace(EVERYTHING, engine="pytorch"),
    "weight averaging": replace(EVERYTHING, weight_averaging=0.9, label_smoothing=0.1),
    "weight averaging, the plain path": replace(EVERYTHING, weight_averaging=0.9, engine="pytorch"),
    "weight averaging with adamw": replace(tiny_run(weight_averaging=0.5), optimizer=Optimizer(kind="adamw")),
    "bfloat16": replace(EVERYTHING, precision="bfloat16"),
    "the network of step 5": replace(step(5).config, epochs=3, training_images=48, batch_size=16, device="cpu"),
    "a linear layer": tiny_run(
        network=NetworkConfig(layers=(conv(6, 5, stride=2), max_pool(), conv(8, 3), linear()), batch_norm=True)
    ),
    "Beyond": replace(step(6).config, epochs=3, training_images=48, batch_size=16, device="cpu"),
}


@pytest.mark.parametrize("config", RESUMED.values(), ids=RESUMED)
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(few: Mnist, config: RunConfig) -> None:
    whole = epochs_of(train(config, few))
    for stopped_after in (1, 2):
        started, *events = train(config, few, resume=resume_point(whole[stopped_after - 1]))
        assert isinstance(started, Started)
        assert started.first_epoch == stopped_after + 1
        # weights, optimiser state, predictions and every figure but the seconds
        assert [facts(epoch) for epoch in epochs_of(events)] == [facts(epoch) for epoch in whole[stopped_after:]]


def test_a_run_resumed_over_and_over_is_still_the_uninterrupted_one(few: Mnist) -> None:
    whole = epochs_of(train(EVERYTHING, few))
    pieces = [whole[0]]
    while len(pieces) < EVERYTHING.epochs:
        pieces.append(next(iter(epochs_of(train(EVERYTHING, few, resume=resume_point(pieces[-1]))))))
    assert [facts(epoch) for epoch in pieces] == [facts(epoch) for epoch in whole]


def test_a_resumed_run_counts_its_iterations_on(few: Mnist) -> None:
    first, *_ = epochs_of(train(tiny_run(), few))
    windows = [e for e in train(tiny_run(), few, resume=resume_point(first)) if isinstance(e, Window)]
    assert [(window.epoch, window.iteration) for window in windows] == [(2, 4), (2, 5), (2, 6), (3, 7), (3, 8), (3, 9)]


def test_a_run_interrupted_after_its_last_epoch_has_only_to_finish(few: Mnist) -> None:
    last = epochs_of(train(tiny_run(), few))[-1]
    assert kinds(train(tiny_run(), few, resume=resume_point(last))) == ["started", "finished"]
