"""What a run shows: findings by stated rules.

Every finding carries the rule and the figures that it follows from. Nothing is concluded from too few epochs, and
nothing about overfitting or steadiness of a network that guesses. Accuracies in percent, gaps in points.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from lab.analysis import LAST, RunSummary, gap, training_augmented, training_evaluated
from lab.config import EVALUATION_IMAGES
from lab.describe import on_in_training
from lab.events import Epoch
from lab.network_config import PARAMETER_BUDGET
from lab.number_words import signed
from lab.published import TARGET_ACCURACY
from lab.scorecard import scorecard

GUESSING = 15.0
"""Up to here a network guesses: of ten digits a guess is right in 10 %, always the same digit in up to 11.35 %."""
OVERFIT_GAP = 0.30
"""Points, mean of the last three epochs, by which training may exceed evaluation accuracy before it is overfitting."""
SLIGHT_GAP = 0.10
"""... and before it is a slight overfitting. Both limits are wider where chance alone makes larger gaps."""
STEADY_FALL = 0.10
"""Points by which evaluation accuracy may fall below an earlier epoch, in the judged epochs, for it to be steady."""
CLIMB = 0.10
"""Points that the last epoch must gain (or lose) on the one two epochs before it for a run to be climbing (falling)."""

_ROUNDING = 1e-9
"""99.1 - 99.0 is a little over 0.1 in binary."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence about a run, what it is about, and the rule and figures that it follows from."""

    about: Literal["ending", "learning", "overfitting", "course", "training", "target"]
    sentence: str
    rule: str


def findings(run: RunSummary) -> list[Finding]:
    """What a run that has ended shows; nothing for one that has not, or that has no finished epoch."""
    if run.status not in _ENDED_HOW or not run.epochs:
        return []
    found = [] if run.complete else [_ending(run)]
    diverged = _diverged(run)
    if diverged:
        return [*found, diverged]
    guessing = _guessing(run)
    if guessing:
        return [*found, guessing, *_target(run)]
    if len(run.epochs) < epochs_needed(run.config.epochs):
        return [*found, _too_few(run)]
    return [*found, _overfitting(run), _course(run), *_training(run), *_target(run)]


_ENDED_HOW = {
    "finished": "has finished",
    "stopped": "was stopped",
    "failed": "failed",
    "interrupted": "was interrupted",
}


def epochs_needed(planned: int) -> int:
    """How many finished epochs a verdict needs: half of those planned, and never fewer than three."""
    return max(LAST, math.ceil(planned / 2))


def _ending(run: RunSummary) -> Finding:
    done, planned = len(run.epochs), run.config.epochs
    return Finding(
        about="ending",
        sentence=f"It {_ENDED_HOW[run.status]} after {done} of {planned} epochs, so its final accuracy is not known.",
        rule="The sentences below are about the finished epochs only. The target is checked when all planned epochs "
        "are done.",
    )


def _too_few(run: RunSummary) -> Finding:
    done, needed = len(run.epochs), epochs_needed(run.config.epochs)
    return Finding(
        about="learning",
        sentence="There are too few epochs to say whether it overfits and whether it is steady.",
        rule=f"This needs half of the planned epochs, and at least {LAST}: here {needed}. Finished: {done}.",
    )


def has_lost_its_loss(run: RunSummary) -> bool:
    """Whether its newest epoch has a loss that is no finite number."""
    last = run.last
    return last is not None and not (math.isfinite(last.train_loss) and math.isfinite(last.test_loss))


def is_guessing(run: RunSummary) -> bool:
    """Whether its newest epoch reads no better than one guesses."""
    return run.last is not None and run.last.test_accuracy <= GUESSING


def _diverged(run: RunSummary) -> Finding | None:
    if not has_lost_its_loss(run):
        return None
    last = run.epochs[-1]
    return Finding(
        about="learning",
        sentence="It diverged: its loss is no longer a finite number. Try a lower learning rate.",
        rule=f"Losses of epoch {last.epoch}: training {_loss(last.train_loss)}, evaluation {_loss(last.test_loss)}.",
    )


def _loss(loss: float) -> str:
    return f"{loss:g}" if math.isfinite(loss) else "not a finite number"


def _guessing(run: RunSummary) -> Finding | None:
    last, best = run.epochs[-1], max(epoch.test_accuracy for epoch in run.epochs)
    if not is_guessing(run):
        return None
    if best > GUESSING:
        sentence = "It has lost what it had learned: 10 % is guessing."
    elif last.train_accuracy > GUESSING:
        sentence = f"It has learned nothing about {run.evaluated} images: 10 % is guessing."
    else:
        sentence = "It did not learn: 10 % is guessing."
    return Finding(
        about="learning",
        sentence=sentence,
        rule=f"{run.evaluated.capitalize()} accuracy of the last epoch: {last.test_accuracy:.2f} % (up to "
        f"{GUESSING:.0f} %: it guesses); best epoch {best:.2f} %, training accuracy {last.train_accuracy:.2f} %.",
    )


def _overfitting(run: RunSummary) -> Finding:
    last = run.epochs[-LAST:]
    gaps = [points for points in map(gap, last) if points is not None]
    if len(gaps) < len(last):
        return Finding(
            about="overfitting",
            sentence="It is not known whether it overfits: its accuracy on training images was not measured.",
            rule=f"Training and {run.evaluated} accuracy are compared only when both are measured in the same way. "
            f"During training, {on_in_training(run.config)}the network still changes.",
        )
    chance = _chance(last)
    unit = max(SLIGHT_GAP, chance)
    # Judged as they are shown: else a gap of 0.32 could be over 0.32.
    mean_gap, slight, clear = (
        round(points, 2) for points in (statistics.mean(gaps), unit, unit * OVERFIT_GAP / SLIGHT_GAP)
    )
    if mean_gap > clear:
        sentence = "It overfits: it reads training images clearly better than new ones."
    elif mean_gap > slight:
        sentence = f"It overfits a little: it reads training images slightly better than {run.evaluated} images."
    else:
        so_far = "" if run.complete else " so far"
        sentence = (
            f"It does not overfit{so_far}: it reads {run.evaluated} images about as well as training images, or better."
        )
    rule = (
        f"Training minus {run.evaluated} accuracy, measured in the same way, mean of the last {LAST} epochs: "
        f"{signed(mean_gap)} points (over {clear:.2f}: overfits; over {slight:.2f}: overfits a little). Chance alone "
        f"changes it by about {chance:.2f}."
    )
    return Finding(about="overfitting", sentence=sentence, rule=rule)


def _chance(epochs: Sequence[Epoch]) -> float:
    """The standard error of the gap, in points: other images of the same kind would move it by about so much.

    Every epoch's training images must have been measured.
    """
    measured = [found for found in map(training_evaluated, epochs) if found]
    train = statistics.mean(found.accuracy for found in measured)
    test = statistics.mean(epoch.test_accuracy for epoch in epochs)
    images = min(found.images for found in measured)
    return math.sqrt(train * (100 - train) / images + test * (100 - test) / EVALUATION_IMAGES)


def _training(run: RunSummary) -> list[Finding]:
    """All training images after the last epoch, and where training augments, augmented: as the published logs end."""
    plain, augmented = training_evaluated(run.last), training_augmented(run.last)
    if not run.complete or plain is None:
        return []
    sentence = f"At the end it reads {plain.accuracy:.2f} % of its {plain.images:,} training images correctly"
    rule = f"Without dropout, after the last epoch: {plain.correct:,} correct, loss {plain.loss:.4f}"
    if augmented:
        sentence += f", and {augmented.accuracy:.2f} % when they are changed as in training"
        rule += f"; with augmentation: {augmented.correct:,} correct, loss {augmented.loss:.4f}"
    return [Finding(about="training", sentence=f"{sentence}.", rule=f"{rule}.")]


def _course(run: RunSummary) -> Finding:
    """Whether accuracy climbs, falls, wobbles or is steady at the end: one of the four."""
    judged = [epoch.test_accuracy for epoch in run.epochs[-max(LAST, math.ceil(len(run.epochs) / 2)) :]]
    fall = max(best - now for best, now in zip(accumulate(judged, max), judged, strict=True))
    gain, best = judged[-1] - judged[-LAST], max(epoch.test_accuracy for epoch in run.epochs)
    steady = fall <= STEADY_FALL + _ROUNDING
    name = run.evaluated.capitalize()
    falls = judged[-3] > judged[-2] > judged[-1] and -gain > CLIMB + _ROUNDING
    if steady and gain > CLIMB + _ROUNDING and judged[-1] >= best:
        sentence = f"{name} accuracy was still rising at the end: more epochs may help."
    elif falls:
        sentence = f"{name} accuracy was falling at the end: it fell twice in a row."
    elif steady:
        sentence = (
            f"{name} accuracy is steady at the end."
            if run.complete
            else f"{name} accuracy was steady until the run ended."
        )
    else:
        sentence = f"{name} accuracy goes up and down by up to {fall:.2f} points."
    return Finding(
        about="course",
        sentence=sentence,
        rule=f"Largest fall of {run.evaluated} accuracy below an earlier epoch, in the last {len(judged)} epochs: "
        f"{fall:.2f} points (up to {STEADY_FALL:.2f}: steady). Last epoch minus the one two epochs before: "
        f"{signed(gain)} points (over {signed(CLIMB)}, steady and the best so far: rising; under {signed(-CLIMB)} and "
        "lower twice in a row: falling).",
    )


def _target(run: RunSummary) -> list[Finding]:
    """The target, where it is judged: a complete run on the test set, trained on all images."""
    size, accuracy = scorecard(run)
    if accuracy.state not in ("met", "missed"):
        return []
    if size.state == accuracy.state == "met":
        sentence = "It reaches the target."
    elif accuracy.state == "met":
        sentence = "It is accurate enough, but too large for the target."
    elif size.state == "met":
        sentence = "It is small enough, but not accurate enough for the target."
    else:
        sentence = "It misses the target in size and in accuracy."
    lowest = min(epoch.test_accuracy for epoch in run.epochs[-LAST:])
    rule = (
        f"{run.parameters:,} parameters (target: under {PARAMETER_BUDGET:,}); lowest of the last {LAST} epochs "
        f"{lowest:.2f} % (target: {TARGET_ACCURACY:.2f} %)."
    )
    return [Finding(about="target", sentence=sentence, rule=rule)]
