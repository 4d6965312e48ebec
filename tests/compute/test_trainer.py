"""A run's trainer owns what trains it, and ends it in good order."""

import gc
import weakref
from dataclasses import replace
from typing import Any

import pytest
import torch
from any_config import augmentations
from examples import batch_of, tiny_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab import memory
from lab.compute import Trainer, engines, trainer
from lab.compute.native import engine as native
from lab.compute.native.build import library
from lab.config import RunConfig
from lab.engine_memory import compiled_bytes
from lab.mnist import Mnist
from lab.schedule import learning_rate
from lab.training import train
from lab.training_config import Augmentation, Schedule

DROPS = Schedule(kind="step", step_size=1, gamma=1e-4)
compiled = pytest.mark.skipif(library() is None, reason="no C compiler: PyTorch is all there is")


def made(config: RunConfig, data: Mnist) -> Trainer:
    return Trainer(config, "cpu", data.train_images, data.train_labels, seed=1)


@pytest.fixture
def freed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by an entry whenever an engine in C is closed for the first time."""
    closed: list[str] = []
    close = native.Engine.close

    def noted(engine: native.Engine) -> None:
        if engine._engine is not None:
            closed.append("freed")
        close(engine)

    monkeypatch.setattr(native.Engine, "close", noted)
    return closed


@compiled
def test_the_engine_is_freed_when_a_run_ends_and_not_when_python_collects_cycles(few: Mnist, freed: list[str]) -> None:
    gc.disable()
    try:
        for run in range(1, 4):
            kept = list(train(tiny_run(), few))
            assert len(freed) == run
        assert kept
    finally:
        gc.enable()


@compiled
@pytest.mark.parametrize("events", [1, 2, 5])
def test_the_engine_is_freed_when_whoever_listens_goes_away(few: Mnist, freed: list[str], events: int) -> None:
    run = train(tiny_run(), few)
    for _ in range(events):
        next(run)
    assert freed == []
    run.close()  # type: ignore[attr-defined]
    assert freed == ["freed"]


@compiled
def test_the_engine_is_freed_when_training_fails(few: Mnist, freed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(torch.optim.SGD, "step", fail)
    assert [event.kind for event in train(tiny_run(), few)] == ["started", "failed"]
    assert freed == ["freed"]


@pytest.mark.parametrize("engine", ["fastest", "pytorch"])
def test_a_trainer_that_has_ended_holds_no_network_and_no_optimiser(few: Mnist, engine: Any) -> None:
    gc.collect()
    gc.disable()
    try:
        with made(tiny_run(engine=engine), few) as run:
            run.iterate(batch_of(run, torch.arange(16)), 0.01)
            weight = weakref.ref(next(run.network.parameters()))
            assert weight() is not None
        assert weight() is None
    finally:
        gc.enable()


def test_the_threads_are_given_back_when_a_run_ends(few: Mnist) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with made(tiny_run(), few):
            assert torch.get_num_threads() in (1, 3)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_a_trainer_restored_from_a_checkpoint_goes_on_as_the_one_that_made_it(few: Mnist) -> None:
    numbers = torch.arange(16)
    with made(tiny_run(), few) as first, made(tiny_run(seed=2), few) as second:
        first.iterate(batch_of(first, numbers), 0.05)
        second.restore(*first.checkpoint())
        for run in (first, second):
            run.iterate(batch_of(run, numbers), 0.02)
        assert first.checkpoint() == second.checkpoint()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(augmentations, st.integers(1, 40), st.integers(1, 100), st.integers(2, 90))
def test_batches_that_are_made_at_once_have_the_bits_of_those_made_one_by_one(
    few: Mnist, augmentation: Augmentation, batch_size: int, made_at_once: int, images: int
) -> None:
    config = tiny_run(augmentation=augmentation, batch_size=batch_size, training_images=len(few.train_images))
    order = torch.randperm(len(few.train_images), generator=torch.Generator().manual_seed(4))[:images]
    found = []
    for at_once in (1, made_at_once):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(memory, "MADE_AT_ONCE", at_once)
            with made(config, few) as run:
                run.seed(1, 2)
                found.append(list(run.batches(order)))
    for one, other in zip(*found, strict=True):
        assert len(one[0]) == len(one[1]) <= batch_size
        assert all(map(torch.equal, one, other))


def test_a_run_that_goes_on_where_its_learning_rate_has_come_to_nothing_learns_nothing(few: Mnist) -> None:
    """A 10,000th of the rate before in every epoch: 0.01 has become 0 in epoch 83."""
    with made(tiny_run(), few) as run:
        before = [parameter.clone() for parameter in run.network.parameters()]
        run.iterate(batch_of(run, torch.arange(16)), learning_rate(tiny_run(schedule=DROPS, epochs=100), 3 * 90))
        assert all(map(torch.equal, before, run.network.parameters()))


@compiled
def test_the_engine_is_made_for_as_many_images_as_there_are(few: Mnist) -> None:
    """`lab.memory` counts no more either: the system refuses what is asked for, whether it would be used or not."""
    config = tiny_run(batch_size=10_000, training_images=20)
    with made(config, few) as run:
        engine = run._engine
        assert isinstance(engine, engines.Compiled)
        assert engine.engine.bytes() <= compiled_bytes(config.network, 20) * 1.01 + 100_000


def test_its_sums_are_those_of_what_it_trained_and_evaluated(few: Mnist) -> None:
    with made(tiny_run(), few) as run:
        run.iterate(batch_of(run, torch.arange(16)), 0.05)
        run.window.reset()
        run.iterate(batch_of(run, torch.arange(16, 24)), 0.05)
        assert (run.epoch.images, run.window.images) == (24, 8)
        predicted = run.evaluate(few.test_images, few.test_labels)
        right = int((predicted == few.test_labels).sum())
        assert run.evaluation.accuracy() == pytest.approx(100 * right / 30)


def test_memory_is_judged_for_the_engine_that_there_is(few: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(trainer, "memory_problem", lambda config, device, engine: asked.append(engine))
    monkeypatch.setattr(native, "fits", lambda _: False)
    with made(tiny_run(), few) as run:
        assert (asked, run.engine) == (["pytorch"], "PyTorch")


def test_pytorch_only_waits_for_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_now(_: object) -> bool:
        raise AssertionError("nobody asked for it")

    monkeypatch.setattr(native, "fits", compile_now)
    assert engines.planned_engine(replace(tiny_run(), engine="pytorch"), "cpu") == "pytorch"
    assert engines.planned_engine(tiny_run(), "cuda") == "pytorch"
