"""Events and summaries of runs that nobody trained, for the tests of what they mean and how they are drawn."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from benchmarks.replayed import ReplayedEpoch
from lab.analysis import RunSummary
from lab.config import RunConfig
from lab.events import Epoch, Measured, Started, Window
from lab.published import published_epochs
from lab.seeds import Pool, counted, pool_seeds
from lab.steps import step
from lab.store import Run


def started(first_epoch: int = 1, epochs: int = 3, iterations: int = 20, batch: int = 100) -> Started:
    return Started(
        device="cpu",
        device_name="a CPU",
        engine="PyTorch",
        parameters=1,
        first_epoch=first_epoch,
        epochs=epochs,
        iterations_per_epoch=iterations,
        batch_size=batch,
    )


def window(epoch: int, iteration: int, speed: float = 1000.0, loss: float = 1.0, accuracy: float = 90.0) -> Window:
    return Window(
        epoch=epoch,
        iteration=iteration,
        loss=loss,
        accuracy=accuracy,
        learning_rate=0.01,
        images_per_second=speed,
    )


def epoch(
    number: int,
    test: float = 99.0,
    train: float = 99.0,
    seconds: float = 8.0,
    test_loss: float = 0.04,
    train_loss: float = 0.05,
    measured: float | None = None,
) -> Epoch:
    """`measured`: the accuracy of 10,000 training images, read as the test images are; None where none were."""
    return Epoch(
        epoch=number,
        train_loss=train_loss,
        train_accuracy=train,
        test_loss=test_loss,
        test_accuracy=test,
        test_correct=round(100 * test),
        learning_rate=0.01,
        seconds=seconds,
        measured=() if measured is None else (sample(measured),),
    )


def sample(accuracy: float, loss: float = 0.03) -> Measured:
    """10,000 training images, read with this accuracy."""
    return Measured(images=10_000, augmented=False, loss=loss, correct=round(100 * accuracy))


def epochs(*tests: float, over: float = 0.0) -> list[Epoch]:
    """Epochs with these test accuracies, and with training images read `over` points better."""
    return [epoch(number, test, measured=test + over) for number, test in enumerate(tests, start=1)]


def summary(
    told: Iterable[Epoch] = (),
    status: str = "finished",
    base: RunConfig | None = None,
    run: int = 1,
    name: str = "a run",
    hardware: str = "a CPU, compiled engine",
    **changes: Any,
) -> RunSummary:
    """A run of step 5 (or `base`) with these epochs and, unless `changes` says otherwise, no more of them planned."""
    done = tuple(told)
    planned = {"epochs": done[-1].epoch if done else 15}
    return RunSummary(
        run=run,
        name=name,
        config=replace(base or step(5).config, **planned | changes),
        status=status,
        reason="",
        hardware=hardware,
        device="cpu",
        queued=1000.0,
        started=None if status == "queued" else 1060.0,
        ended=2000.0 if status not in ("queued", "running", "paused") else None,
        epochs=done,
    )


# --- pools of seeds and replays -----------------------------------------------------------------------------------


def seed_run(number: int, seed: int, final: float, hardware: str = "a CPU, compiled engine") -> RunSummary:
    """A whole run of a step that ended three times at the same accuracy."""
    told = epochs(*[98.0] * 12, final, final, final)
    return summary(told, run=1000 * number + seed, base=step(number).config, seed=seed, hardware=hardware)


def seed_runs(number: int, *finals: float) -> list[RunSummary]:
    """Whole runs of a step with the seeds 1, 2, ... that ended so."""
    return [seed_run(number, seed, final) for seed, final in enumerate(finals, start=1)]


def pools(*runs: RunSummary) -> list[Pool]:
    """Of these runs."""
    return pool_seeds(counted(runs))


def replayed_epochs(
    number: int, draw: int | None = None, right: int = 9_933, count: int = 15
) -> tuple[ReplayedEpoch, ...]:
    """A replay that was the published run but for its last test accuracy."""
    return tuple(
        ReplayedEpoch(
            step=number,
            masks=str(draw or ""),
            epoch=epoch.epoch,
            last_batch_loss=epoch.last_batch_loss,
            train_correct=round(600 * epoch.train_accuracy),
            test_loss=epoch.test_loss,
            test_correct=right if epoch.epoch == 15 else epoch.test_correct,
            seconds=1.0,
            evaluated_train_correct=59_600 if epoch.epoch == 15 else None,
            evaluated_train_loss=0.02 if epoch.epoch == 15 else None,
            torch="2.14.1",
        )
        for epoch in published_epochs(number)[:count]
    )


# --- Hypothesis --------------------------------------------------------------------------------------------------

percentages = st.integers(0, 10_000).map(lambda correct: correct / 100)
losses = st.one_of(
    st.floats(0, 10, allow_nan=False),
    st.sampled_from([0.0, 1e-45, 3e38, float("inf"), float("nan")]),
)


@st.composite
def any_epochs(draw: st.DrawFn, most: int = 20) -> list[Epoch]:
    """The epochs of any run: wild ones, and ones that stay within a point, as real runs do at their end."""
    count = draw(st.integers(1, most))
    if draw(st.booleans()):
        accuracies = draw(st.lists(percentages, min_size=count, max_size=count))
    else:
        level = draw(st.integers(0, 9_900))
        near = st.lists(st.integers(0, 100), min_size=count, max_size=count)
        accuracies = [(level + step) / 100 for step in draw(near)]
    return [
        epoch(
            number,
            accuracy,
            draw(percentages),
            test_loss=draw(losses),
            train_loss=draw(losses),
            measured=draw(st.none() | percentages),
        )
        for number, accuracy in enumerate(accuracies, start=1)
    ]


RUN = Run(
    id=7,
    uuid="7",
    name="lr<b>0.1</b>",
    config=step(5).config,
    status="running",
    command="run",
    reason="",
    hardware="a CPU, 2 threads, compiled engine",
    device="cpu",
    worker="me",
    claim=1,
    created=1000.0,
    started=1060.0,
    ended=None,
    resumable=False,
)
"""The store's snapshot of a run that trains step 5."""
