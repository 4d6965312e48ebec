"""A replayed iteration trains as the iteration itself does. What can be said of it without a GPU."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from examples import tiny_run
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from lab.compute import Trainer, engines, trainer
from lab.compute.optimizing import make_optimizer
from lab.compute.replay import WARM_UP, Replayed
from lab.config import RunConfig
from lab.mnist import Mnist
from lab.network import build_network
from lab.steps import step
from lab.training import train
from lab.training_config import Augmentation, Schedule

EVERYTHING = replace(
    tiny_run(batch_size=5, epochs=2),  # 48 images: nine batches of 5 and one of 3
    network=replace(step(5).config.network),
    augmentation=Augmentation(rotation=7, shift=2, scale=0.1, shear=5, pen=0.3),
    schedule=Schedule(kind="one_cycle"),
    label_smoothing=0.1,
    weight_averaging=0.9,
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
    recorded: list[object] = []

    def record(run: Callable[[], None]) -> Callable[[], None]:
        recorded.append(run)
        return later(run)

    monkeypatch.setattr(engines, "planned_engine", lambda *_: "pytorch")  # as on a GPU
    expected = rows(replace(config, engine="fastest"), few)
    monkeypatch.setattr(trainer, "REPLAYED_ON", "cpu")
    monkeypatch.setattr(trainer, "cuda_graph", lambda generators: record)
    assert rows(config, few) == expected
    assert recorded == []  # asked for "PyTorch only", it launches every operation itself
    assert rows(replace(config, engine="fastest"), few) == expected
    assert len(recorded) == 1
    assert expected[-1]["event"] == "finished"


class Capturing:
    """A GPU whose stream a graph is recording."""

    type = "cuda"

    def is_capturing(self) -> bool:
        return True


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_every_optimiser_may_be_recorded(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    config = replace(EVERYTHING, optimizer=replace(EVERYTHING.optimizer, kind=kind))
    network = build_network(config.network, seed=1)
    elsewhere = make_optimizer(config.optimizer, network, "cpu")
    recorded = make_optimizer(config.optimizer, network, "cpu", recorded=True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: Capturing())
    monkeypatch.setattr(torch.accelerator, "current_stream", Capturing)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    recorded.step()
    if kind == "adamw":  # PyTorch's own check, which is what a run on a GPU met
        with pytest.raises(RuntimeError, match="capturable is False"):
            elsewhere.step()


class NothingWaits(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Forbids what a CUDA graph cannot record: asking the device for a value, or for a size that depends on one."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "item", "equal")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name.split("::")[1]
        if name in self.WAITING or (name == "index" and any(i is not None and i.dtype == torch.bool for i in args[1])):
            raise AssertionError(f"{name} waits for the device")
        return func(*args, **(kwargs or {}))


def warmed_up(config: RunConfig, data: Mnist) -> tuple[Trainer, Tensor]:
    """A trainer that could be recorded now, and the numbers of a batch's images, which a record is given."""
    run, batch = Trainer(config, "cpu", data.train_images, data.train_labels, seed=1), torch.arange(config.batch_size)
    run.seed(1, 2)
    run._step = run.optimizer.step  # as on a GPU
    for _ in range(WARM_UP):
        run._iterate(batch)
    return run, batch


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_no_operation_of_an_iteration_waits_for_the_device(few: Mnist, precision: Any) -> None:
    run, batch = warmed_up(replace(EVERYTHING, precision=precision), few)
    weight = next(run.network.parameters())
    before = weight.clone()
    with NothingWaits():  # type: ignore[no-untyped-call]
        run._iterate(batch)
    assert not torch.equal(before, weight)


def test_the_guard_itself_notices_what_waits() -> None:
    with pytest.raises(AssertionError, match="_local_scalar_dense waits"), NothingWaits():  # type: ignore[no-untyped-call]
        torch.ones(()).item()
    with pytest.raises(AssertionError, match="index waits"), NothingWaits():  # type: ignore[no-untyped-call]
        torch.ones(3)[torch.tensor([True, False, True])]


def test_an_iteration_leaves_every_tensor_that_it_writes_where_it_was(few: Mnist) -> None:
    """A replayed iteration writes to the addresses of the recorded one."""
    run, batch = warmed_up(EVERYTHING, few)

    def written() -> list[int]:
        state = [value for entries in run.optimizer.state.values() for value in entries.values()]
        tallies = [tally.loss for tally in (run.epoch, run.window)] + [run.epoch.correct, run.window.correct]
        rates = [group["lr"] for group in run.optimizer.param_groups]
        assert run._averaging is not None
        averages = [*run._averaging._average, run._averaging._step]
        tensors = [*run.network.state_dict().values(), *state, *tallies, *rates, *averages]
        return [tensor.data_ptr() for tensor in tensors if isinstance(tensor, Tensor)]

    before = written()
    run._set_rate(0.123)
    run._iterate(batch)
    run.window.reset()
    assert written() == before
    assert run.optimizer.param_groups[0]["lr"].item() == pytest.approx(0.123)
