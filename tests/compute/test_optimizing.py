"""A run's optimiser, and its steps taken by its kernel alone."""

from dataclasses import replace

import pytest
import torch
from examples import TINY_NETWORK, tiny_run
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lab.compute import Trainer
from lab.compute.optimizing import Step, make_optimizer
from lab.mnist import Mnist
from lab.network import build_network
from lab.training_config import Optimizer

optimizers = st.builds(
    Optimizer,
    kind=st.sampled_from(["sgd", "adamw"]),
    learning_rate=st.floats(1e-4, 0.5),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    weight_decay=st.sampled_from([0.0, 1e-3, 0.1]),
)


def give_gradients(network: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


@settings(max_examples=30, deadline=None)
@given(optimizers, st.lists(st.floats(0, 0.5), min_size=2, max_size=5))
def test_a_step_changes_what_the_optimisers_own_changes_to_the_last_bit(chosen: Optimizer, rates: list[float]) -> None:
    networks = [build_network(TINY_NETWORK, seed=1) for _ in range(2)]
    quick, own = (make_optimizer(chosen, network, "cpu") for network in networks)
    step = Step(quick)
    for seed, rate in enumerate(rates):
        for network, optimizer in zip(networks, (quick, own), strict=True):
            give_gradients(network, seed)
            optimizer.param_groups[0]["lr"].fill_(rate)
        step()
        own.step()
    tensors = [
        [*network.parameters(), *(tensor for of_one in optimizer.state.values() for tensor in of_one.values())]
        for network, optimizer in zip(networks, (quick, own), strict=True)
    ]
    assert all(torch.equal(one, other) for one, other in zip(*tensors, strict=True))


def test_only_the_first_step_is_the_optimisers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    network = build_network(TINY_NETWORK, seed=1)
    optimizer = make_optimizer(Optimizer(), network, "cpu")
    asked: list[int] = []
    own = optimizer.step
    monkeypatch.setattr(optimizer, "step", lambda: asked.append(1) or own())  # type: ignore[func-returns-value]
    step = Step(optimizer)
    for seed in range(3):
        give_gradients(network, seed)
        step()
    assert asked == [1]


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_what_is_restored_in_the_middle_of_a_training_is_what_the_next_step_goes_on_from(few: Mnist, kind: str) -> None:
    """The kernel is handed the state's tensors, and a restored state has others."""
    config = tiny_run(optimizer=replace(tiny_run().optimizer, kind=kind))  # type: ignore[arg-type]
    with Trainer(config, "cpu", few.train_images, few.train_labels, seed=1) as run:
        for batch in run.batches(torch.arange(48)):
            run.iterate(batch, 0.05)
        kept = run.checkpoint()
        ends = []
        for _ in range(2):
            for batch in run.batches(torch.arange(32)):
                run.iterate(batch, 0.05)
            ends.append(run.checkpoint())
            run.restore(*kept)
        assert ends[0] == ends[1]
