"""The averaged network: what it is, that it is what is evaluated and kept, and that it leaves training alone."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from examples import TINY_NETWORK, batch_of, checkpoint_of, epochs_of, tiny_run
from torch import Tensor, nn

from lab.checkpoint import load_weights, weights_to_bytes
from lab.compute import Trainer
from lab.compute.averaging import Averaging
from lab.config import RunConfig
from lab.mnist import Mnist, normalize, to_unit
from lab.network import build_network
from lab.training import train

AVERAGED = tiny_run(weight_averaging=0.8)
ENGINES = pytest.mark.parametrize("engine", ["fastest", "pytorch"])


def moved(network: nn.Module, by: float) -> None:
    """Every weight and statistic is `by` larger than it was."""
    with torch.no_grad():
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor += by


def test_the_average_follows_by_the_decay_and_at_first_faster() -> None:
    network = build_network(TINY_NETWORK, seed=1)
    averaging = Averaging(network, decay=0.3, device="cpu")
    start = network.state_dict()["1.running_mean"].clone()
    expected, weight = 0.0, 0.0
    for decay in (1 / 10, 2 / 11, 3 / 12, 0.3, 0.3):  # (1 + t) / (10 + t), and never more than 0.3
        averaging.begin()
        moved(network, by=1)
        averaging.follow()
        weight += 1
        expected = decay * expected + (1 - decay) * weight
        with averaging.in_place():
            torch.testing.assert_close(network.state_dict()["1.running_mean"], start + expected)
        torch.testing.assert_close(network.state_dict()["1.running_mean"], start + weight)


def test_the_weights_come_back_bit_for_bit_also_when_the_inside_fails() -> None:
    network = build_network(TINY_NETWORK, seed=1)
    averaging = Averaging(network, decay=0.9, device="cpu")
    averaging.begin()
    moved(network, by=0.1)
    averaging.follow()
    before = weights_to_bytes(network)
    with pytest.raises(ValueError, match="no"), averaging.in_place():
        assert weights_to_bytes(network) != before
        raise ValueError("no")
    assert weights_to_bytes(network) == before


@ENGINES
def test_averaging_changes_what_is_evaluated_and_nothing_of_the_training(few: Mnist, engine: Any) -> None:
    without = epochs_of(train(tiny_run(engine=engine), few))
    averaged = epochs_of(train(replace(AVERAGED, engine=engine), few))
    assert [epoch.train_loss for epoch in averaged] == [epoch.train_loss for epoch in without]
    assert [epoch.test_loss for epoch in averaged] != [epoch.test_loss for epoch in without]


@ENGINES
def test_what_is_kept_is_the_network_that_was_evaluated(few: Mnist, engine: Any) -> None:
    epoch = epochs_of(train(replace(AVERAGED, engine=engine), few))[-1]
    network = build_network(AVERAGED.network, seed=5)
    load_weights(network, checkpoint_of(epoch).weights)
    with torch.no_grad():
        scores: Tensor = network.eval()(normalize(to_unit(few.test_images)))
    assert bytes(scores.argmax(1).tolist()) == checkpoint_of(epoch).predictions
    assert nn.functional.cross_entropy(scores, few.test_labels).item() == pytest.approx(epoch.test_loss, rel=1e-4)


def iterated(config: RunConfig, data: Mnist, batches: int) -> Trainer:
    run = Trainer(config, "cpu", data.train_images, data.train_labels, seed=1)
    for _ in range(batches):
        run.iterate(batch_of(run, torch.arange(16)), 0.05)
    return run


def test_the_average_is_that_of_the_weights_after_each_iteration(few: Mnist) -> None:
    with iterated(AVERAGED, few, 0) as run:
        name = "0.weight"
        expected = run.network.state_dict()[name].clone()
        for iteration in range(20):
            run.iterate(batch_of(run, torch.arange(16)), 0.05)
            decay = min(0.8, (1 + iteration) / (10 + iteration))
            expected = decay * expected + (1 - decay) * run.network.state_dict()[name]
        with run._averaged():
            torch.testing.assert_close(run.network.state_dict()[name], expected)


@ENGINES
def test_a_restored_trainer_goes_on_from_the_weights_and_keeps_the_average(few: Mnist, engine: Any) -> None:
    config = replace(AVERAGED, engine=engine)
    with iterated(config, few, 5) as first, iterated(replace(config, seed=2), few, 1) as second:
        second.restore(*first.checkpoint())
        for run in (first, second):
            run.iterate(batch_of(run, torch.arange(16)), 0.02)
        assert first.checkpoint() == second.checkpoint()
