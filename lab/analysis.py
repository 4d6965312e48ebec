"""Events -> what they mean: history, progress, scorecard, findings by stated rules, means over seeds.

Only events come in (accuracies in percent); nothing here knows a model or a thread.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from lab.config import EVALUATION_IMAGES, PARAMETER_BUDGET
from lab.events import Epoch, Event, Failed, Finished, Started, Stopped, Window
from lab.steps import TARGET_ACCURACY

LAST = 3
"""The target must hold in each of the last three epochs."""
OVERFIT_GAP = 0.30
"""Points, mean of the last three epochs, by which training may exceed test accuracy before it is overfitting."""
SLIGHT_GAP = 0.10
"""... and before it is a slight overfitting."""
STEADY_FALL = 0.10
"""Points by which test accuracy may fall below an earlier epoch, in the second half of a run, for it to be steady."""


@dataclass(frozen=True)
class History:
    """A run's events in order, as one uninterrupted story: what an interrupted attempt left unfinished is dropped."""

    started: Started | None = None
    windows: list[Window] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    ending: Finished | Stopped | Failed | None = None

    def position(self, window: Window) -> float:
        """Where the window's end stands on the epoch axis: 0.5 is the middle of the first epoch."""
        return window.iteration / (self.started.iterations_per_epoch if self.started else window.iteration)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands. `share` is 0 to 1; `seconds_left` is None until there is something to measure."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    share: float
    images_per_second: float | None
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the scorecard. `met` is None while it cannot be known yet."""

    claim: str
    met: bool | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence about a run, and the rule and figures it follows from."""

    sentence: str
    rule: str


def history(events: Iterable[Event]) -> History:
    """The story that a run's events tell."""
    started: Started | None = None
    ending: Finished | Stopped | Failed | None = None
    windows: list[Window] = []
    epochs: list[Epoch] = []
    for event in events:
        match event:
            case Started():
                started, ending = event, None
                windows = [window for window in windows if window.epoch < event.first_epoch]
                epochs = [epoch for epoch in epochs if epoch.epoch < event.first_epoch]
            case Window():
                windows.append(event)
            case Epoch():
                epochs.append(event)
            case Finished() | Stopped() | Failed():
                ending = event
    return History(started, windows, epochs, ending)


def progress(story: History) -> Progress | None:
    """Where the run stands; None before it has started."""
    if story.started is None:
        return None
    epochs, batches = story.started.epochs, story.started.iterations_per_epoch
    last = story.windows[-1] if story.windows else None
    done = max(last.iteration if last else 0, len(story.epochs) * batches)
    total = epochs * batches
    speed = last.images_per_second if last else None
    return Progress(
        epoch=min(epochs, done // batches + 1),
        epochs=epochs,
        batch=batches if done == total else done % batches,
        batches=batches,
        share=done / total,
        images_per_second=speed,
        seconds_left=_seconds_left(story, total - done),
    )


def epoch_seconds(story: History) -> float | None:
    """From the last finished epochs (evaluation included) or, in the first, from the newest window; None before it."""
    if story.epochs:
        return statistics.mean(epoch.seconds for epoch in story.epochs[-LAST:])
    if story.started is None or not story.windows:
        return None
    images = float(story.started.iterations_per_epoch) * story.started.batch_size
    return images / story.windows[-1].images_per_second


def _seconds_left(story: History, iterations: int) -> float | None:
    assert story.started is not None
    seconds = epoch_seconds(story)
    return None if seconds is None else seconds * iterations / story.started.iterations_per_epoch


def wrong_images(epoch: Epoch) -> int:
    """How many of the 10,000 evaluation images were misread."""
    return EVALUATION_IMAGES - epoch.test_correct


def gap(epoch: Epoch) -> float:
    """Training minus test accuracy, in points."""
    return epoch.train_accuracy - epoch.test_accuracy


def scorecard(parameters: int, epochs: Sequence[Epoch], planned: int) -> list[Check]:
    """The published target, line by line, for a run of `planned` epochs."""
    held = [epoch.test_accuracy >= TARGET_ACCURACY for epoch in epochs[-LAST:]]
    ended = len(epochs) >= planned >= LAST
    final = ", ".join(f"{epoch.test_accuracy:.2f}" for epoch in epochs[-LAST:])
    return [
        Check(
            claim=f"Fewer than {PARAMETER_BUDGET:,} parameters",
            met=parameters < PARAMETER_BUDGET,
            detail=f"{parameters:,}",
        ),
        Check(
            claim=f"{TARGET_ACCURACY:.2f} % or better in each of the last {LAST} epochs",
            met=all(held) if ended else None,
            detail=f"{final} %" if final else "no epoch yet",
        ),
    ]


def findings(parameters: int, epochs: Sequence[Epoch]) -> list[Finding]:
    """What a finished run shows: overfitting, steadiness, the target. Empty for fewer than three epochs."""
    if len(epochs) < LAST:
        return []
    return [_overfitting(epochs), _steadiness(epochs), _target(parameters, epochs)]


def _overfitting(epochs: Sequence[Epoch]) -> Finding:
    mean_gap = statistics.mean(gap(epoch) for epoch in epochs[-LAST:])
    if mean_gap > OVERFIT_GAP:
        sentence = "It overfits: it knows the training images clearly better than new ones."
    elif mean_gap > SLIGHT_GAP:
        sentence = "It overfits a little: training accuracy is somewhat above test accuracy."
    else:
        sentence = "It does not overfit: test images are read as well as training images, or better."
    rule = (
        f"Training minus test accuracy, mean of the last {LAST} epochs: {mean_gap:+.2f} points "
        f"(over {OVERFIT_GAP:.2f}: overfits; over {SLIGHT_GAP:.2f}: a little)."
    )
    return Finding(sentence=sentence, rule=rule)


def _steadiness(epochs: Sequence[Epoch]) -> Finding:
    last = [epoch.test_accuracy for epoch in epochs[-max(LAST, math.ceil(len(epochs) / 2)) :]]
    fall = max(best - now for best, now in zip(accumulate(last, max), last, strict=True))
    steady = fall <= STEADY_FALL + 1e-9
    return Finding(
        sentence="It is steady at the end." if steady else "It wobbles: what one epoch gains, a later one loses.",
        rule=f"Largest fall of test accuracy below an earlier epoch, within the last {len(last)} epochs: {fall:.2f} "
        f"points (up to {STEADY_FALL:.2f}: steady).",
    )


def _target(parameters: int, epochs: Sequence[Epoch]) -> Finding:
    small, accurate = (check.met for check in scorecard(parameters, epochs, len(epochs)))
    if small and accurate:
        sentence = "It meets the target."
    elif accurate:
        sentence = "It is accurate enough, but too large for the target."
    elif small:
        sentence = "It is small enough, but misses the accuracy of the target."
    else:
        sentence = "It misses the target, both in size and in accuracy."
    lowest = min(epoch.test_accuracy for epoch in epochs[-LAST:])
    return Finding(
        sentence=sentence,
        rule=f"{parameters:,} parameters (target: under {PARAMETER_BUDGET:,}); lowest of the last {LAST} epochs "
        f"{lowest:.2f} % (target: {TARGET_ACCURACY:.2f} %).",
    )


@dataclass(frozen=True, kw_only=True)
class SeedSummary:
    """Several runs of one config with different seeds: mean and sample standard deviation, in percent."""

    seeds: tuple[int, ...]
    final_mean: float
    final_spread: float | None
    """None for a single seed."""
    best_mean: float
    finals: tuple[float, ...]
    held_target: int
    """How many runs were at 99.40 % or better in each of the last three epochs."""
    best_train_mean: float
    epoch_seconds: float


def summarize_seeds(runs: Sequence[tuple[int, Sequence[Epoch]]]) -> SeedSummary:
    """Summarise (seed, epochs) pairs; every run must have at least one epoch."""
    finals = [epochs[-1].test_accuracy for _, epochs in runs]
    return SeedSummary(
        seeds=tuple(seed for seed, _ in runs),
        final_mean=statistics.mean(finals),
        final_spread=statistics.stdev(finals) if len(finals) > 1 else None,
        best_mean=statistics.mean(max(e.test_accuracy for e in epochs) for _, epochs in runs),
        finals=tuple(finals),
        held_target=sum(_held_target(epochs) for _, epochs in runs),
        best_train_mean=statistics.mean(max(e.train_accuracy for e in epochs) for _, epochs in runs),
        epoch_seconds=statistics.mean(e.seconds for _, epochs in runs for e in epochs),
    )


def _held_target(epochs: Sequence[Epoch]) -> bool:
    return len(epochs) >= LAST and all(epoch.test_accuracy >= TARGET_ACCURACY for epoch in epochs[-LAST:])
