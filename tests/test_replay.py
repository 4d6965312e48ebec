"""A replayed iteration trains as the iteration itself does. What can be said of it without a GPU."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from examples import tiny_run
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from lab import training
from lab.config import Augmentation, RunConfig, Schedule
from lab.mnist import Mnist
from lab.replay import WARM_UP, Replayed
from lab.steps import step
from lab.training import train

EVERYTHING = replace(
    tiny_run(batch_size=5, epochs=2),  # 48 images: nine batches of 5 and one of 3
    network=replace(step(5).config.network),
    augmentation=Augmentation(rotation=7, shift=2, scale=0.1, shear=5, pen=0.3),
    schedule=Schedule(kind="one_cycle"),
    engine="pytorch",
)


def later(run: Callable[[], None]) -> Callable[[], None]:
    """Stands for a CUDA graph: does nothing when it is recorded, and the same on the same tensors when replayed."""
    return run


class Counted:
    """An iteration that keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[list[int]] = []

    def __call__(self, numbers: Tensor) -> None:
        self.given.append(numbers.tolist())


def test_every_batch_is_trained_on_once_whether_replayed_or_not() -> None:
    iteration, batches = Counted(), [[i, i + 1] for i in range(8)] + [[9]] + [[i, i + 1] for i in range(3)]
    replayed = Replayed(iteration, 2, later)
    for batch in batches:
        replayed(torch.tensor(batch))
    assert iteration.given == batches


def test_it_is_recorded_once_and_after_the_warm_up() -> None:
    recorded_after: list[int] = []
    iteration = Counted()

    def record(run: Callable[[], None]) -> Callable[[], None]:
        recorded_after.append(len(iteration.given))
        return run

    replayed = Replayed(iteration, 1, record)
    for number in range(20):
        replayed(torch.tensor([number]))
    assert recorded_after == [WARM_UP]


def rows(config: RunConfig, data: Mnist) -> list[dict[str, Any]]:
    """What a run says, without what the clock says."""
    timed = ("seconds", "images_per_second")
    return [{name: v for name, v in event.row().items() if name not in timed} for event in train(config, data)]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_run_of_replayed_iterations_is_the_run_of_the_iterations(
    few: Mnist, monkeypatch: pytest.MonkeyPatch, optimizer: Any
) -> None:
    config = replace(EVERYTHING, optimizer=replace(EVERYTHING.optimizer, kind=optimizer, learning_rate=0.01))
    expected = rows(config, few)
    monkeypatch.setattr(training, "REPLAYED_ON", "cpu")
    monkeypatch.setattr(training, "cuda_graph", lambda generators: later)
    assert rows(config, few) == expected
    assert expected[-1]["event"] == "finished"


class NothingWaits(TorchDispatchMode):
    """Forbids what a CUDA graph cannot record: asking the device for a value, or for a size that depends on one."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "item", "equal")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name.split("::")[1]
        if name in self.WAITING or (name == "index" and any(i is not None and i.dtype == torch.bool for i in args[1])):
            raise AssertionError(f"{name} waits for the device")
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_no_operation_of_an_iteration_waits_for_the_device(few: Mnist, precision: Any) -> None:
    run = training._Run(replace(EVERYTHING, precision=precision), few, lambda: "run", None)
    batch = next(run._batches(1))
    for _ in range(WARM_UP):
        run.iterate(batch)
    before = run.network[0].weight.clone()
    with NothingWaits():
        run.iterate(batch)
    assert not torch.equal(before, run.network[0].weight)


def test_the_guard_itself_notices_what_waits() -> None:
    with pytest.raises(AssertionError, match="_local_scalar_dense waits"), NothingWaits():
        torch.ones(()).item()
    with pytest.raises(AssertionError, match="index waits"), NothingWaits():
        torch.ones(3)[torch.tensor([True, False, True])]


def test_an_iteration_leaves_every_tensor_that_it_writes_where_it_was(few: Mnist) -> None:
    """A replayed iteration writes to the addresses of the recorded one."""
    run = training._Run(EVERYTHING, few, lambda: "run", None)
    batch = next(run._batches(1))
    for _ in range(WARM_UP):
        run.iterate(batch)

    def written() -> list[int]:
        state = [value for entries in run.optimizer.state.values() for value in entries.values()]
        tallies = [tally.loss for tally in (run.whole, run.window)] + [run.whole.correct, run.window.correct]
        rates = [group["lr"] for group in run.optimizer.param_groups]
        tensors = [*run.network.state_dict().values(), *state, *tallies, *rates]
        return [tensor.data_ptr() for tensor in tensors if isinstance(tensor, Tensor)]

    before = written()
    run._set_rate(0.123)
    run.iterate(batch)
    run.window.reset()
    assert written() == before
    assert run.optimizer.param_groups[0]["lr"].item() == pytest.approx(0.123)
