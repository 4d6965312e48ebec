"""What a run amounts to, in one summary.

Accuracies in percent. A run is known here by its facts and its epochs only: no store, no model, no thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from lab.config import EVALUATION_IMAGES, RunConfig
from lab.events import Epoch, Measured
from lab.layers import total_parameters
from lab.published import TARGET_ACCURACY
from lab.steps import matching_step
from lab.terms import Terms, computed_words, engine_of

LAST = 3
"""The target must hold in each of the last three epochs."""


class RunFacts(Protocol):
    """What is known of a run beside its events; the store's snapshot of a run is one. Times in seconds since 1970."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def config(self) -> RunConfig: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def hardware(self) -> str: ...  # noqa: D102
    @property
    def code_commit(self) -> str: ...  # noqa: D102
    @property
    def parent_epoch(self) -> int | None: ...  # noqa: D102
    @property
    def device(self) -> str | None: ...  # noqa: D102
    @property
    def created(self) -> float: ...  # noqa: D102
    @property
    def started(self) -> float | None: ...  # noqa: D102
    @property
    def ended(self) -> float | None: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One run: its facts, and what follows from its epochs. The one summary that every page and command reads."""

    run: int
    name: str
    config: RunConfig
    status: str
    reason: str
    hardware: str
    device: str | None
    queued: float
    """When it was queued, in seconds since 1970."""
    started: float | None
    """When its training began, in seconds since 1970; None before."""
    ended: float | None
    """When it ended, in seconds since 1970; None before."""
    epochs: tuple[Epoch, ...]
    code_commit: str = ""
    """Of the lab's code that trained it: see `lab.store.Run`."""
    parent_epoch: int | None = None
    """Of a fork: the epoch of another run after which it went on."""

    @property
    def step(self) -> int | None:
        """The preset's number, or None for a recipe of the user's own."""
        preset = matching_step(self.config)
        return preset.number if preset else None

    @property
    def terms(self) -> Terms | None:
        """On what terms it trains its step; None for a recipe of the user's own, which stands beside nothing.

        A fork's recipe is not that of its first epochs.
        """
        number = self.step
        if number is None or self.parent_epoch is not None:
            return None
        config = self.config
        return Terms(
            step=number,
            epochs=config.epochs,
            training_images=config.training_images,
            evaluate_on=config.evaluate_on,
            precision=config.precision,
            engine=self.engine,
            on_gpu=self.on_gpu,
        )

    @property
    def engine(self) -> str:
        """What it was computed with: compiled, folded or PyTorch; empty where it did not say."""
        return engine_of(self.hardware)

    @property
    def on_gpu(self) -> bool:
        """Whether a GPU trained it."""
        return self.device not in (None, "cpu")

    @property
    def computed(self) -> str:
        """What it was computed in, as in `Terms.computed`."""
        return computed_words(self.config.precision, self.engine, self.on_gpu)

    @property
    def as_published(self) -> bool:
        """Whether its curve may stand beside its step's published one."""
        return self.terms is not None and self.terms.as_published

    @property
    def complete(self) -> bool:
        """Whether it has trained every epoch that was planned."""
        return self.status == "finished" and len(self.epochs) == self.config.epochs

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whichever way: nothing more comes by itself."""
        return self.status not in ("queued", "running", "paused")

    @property
    def last(self) -> Epoch | None:
        """The newest epoch."""
        return self.epochs[-1] if self.epochs else None

    @property
    def best(self) -> Epoch | None:
        """The epoch of the highest evaluation accuracy; of several the first."""
        return max(self.epochs, key=lambda epoch: epoch.test_accuracy, default=None)

    @property
    def parameters(self) -> int:
        """How many its network has."""
        return total_parameters(self.config.network)

    @property
    def evaluated(self) -> str:
        """What its evaluation accuracies are called: "test" or "validation"."""
        return self.config.evaluate_on

    @property
    def training_seconds(self) -> float:
        """Training and evaluation of its finished epochs, pauses left out."""
        return sum(epoch.seconds for epoch in self.epochs)

    @property
    def held_target(self) -> bool:
        """Whether each of the last three epochs is at 99.40 % or better."""
        return len(self.epochs) >= LAST and all(e.test_accuracy >= TARGET_ACCURACY for e in self.epochs[-LAST:])

    def row(self) -> dict[str, Any]:
        """As a plain row for JSON; the accuracies are those of the images in `evaluate_on`."""
        return {
            "run": self.run,
            "name": self.name,
            "step": self.step,
            "status": self.status,
            "reason": self.reason,
            "seed": self.config.seed,
            "device": self.device,
            "hardware": self.hardware,
            "code_commit": self.code_commit or None,
            "forked_after_epoch": self.parent_epoch,
            "evaluate_on": self.evaluated,
            "epochs_done": len(self.epochs),
            "epochs_planned": self.config.epochs,
            "last_test_accuracy": self.last.test_accuracy if self.last else None,
            "best_test_accuracy": self.best.test_accuracy if self.best else None,
            "last_train_accuracy_evaluated": _accuracy(training_evaluated(self.last)),
            "last_train_accuracy_augmented": _accuracy(training_augmented(self.last)),
            "train_minus_test": gap(self.last),
            "created": moment(self.queued),
            "started": moment(self.started) if self.started else None,
            "ended": moment(self.ended) if self.ended else None,
            "training_seconds": round(self.training_seconds, 1),
        }


def summarize(run: RunFacts, epochs: Iterable[Epoch] = ()) -> RunSummary:
    """The summary of a run and its epochs, in order; one that was trained again counts once, as it last was."""
    newest = {epoch.epoch: epoch for epoch in epochs}
    return RunSummary(
        run=run.id,
        name=run.name,
        config=run.config,
        status=run.status,
        reason=run.reason,
        hardware=run.hardware,
        code_commit=run.code_commit,
        parent_epoch=run.parent_epoch,
        device=run.device,
        queued=run.created,
        started=run.started,
        ended=run.ended,
        epochs=tuple(newest.values()),
    )


def _accuracy(measured: Measured | None) -> float | None:
    return measured.accuracy if measured else None


def wrong_images(epoch: Epoch) -> int:
    """How many of the 10,000 evaluation images were misread."""
    return EVALUATION_IMAGES - epoch.test_correct


def training_evaluated(epoch: Epoch | None) -> Measured | None:
    """As many of the training images as were read as the test images are; None where none were."""
    plain = [measured for measured in epoch.measured if not measured.augmented] if epoch else []
    return max(plain, key=lambda measured: measured.images, default=None)


def training_augmented(epoch: Epoch | None) -> Measured | None:
    """The training images read likewise, but augmented as in training; None where they were not."""
    return next((measured for measured in epoch.measured if measured.augmented), None) if epoch else None


def gap(epoch: Epoch | None) -> float | None:
    """Training minus evaluation accuracy, in points; None where training images were not read as the others are.

    Never the accuracy while training: that is of a network with dropout, on augmented images, which still changes.
    """
    measured = training_evaluated(epoch)
    return measured.accuracy - epoch.test_accuracy if epoch and measured else None


def moment(seconds: float | None) -> str:
    """A time in seconds since 1970 as this place's clock shows it, `2026-11-25T13:30:05`; "-" for none."""
    return "-" if seconds is None else datetime.fromtimestamp(seconds).isoformat(timespec="seconds")
