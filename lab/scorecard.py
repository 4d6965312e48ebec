"""The published target, line by line: whether a run meets it, and where it says nothing about the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lab.analysis import LAST, RunSummary
from lab.config import TRAINING_IMAGES
from lab.network_config import PARAMETER_BUDGET
from lab.published import TARGET_ACCURACY


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the scorecard. "open": not yet known. "not judged": the target says nothing about such a run."""

    claim: str
    state: Literal["met", "missed", "open", "not judged"]
    detail: str


def scorecard(run: RunSummary) -> list[Check]:
    """The published target, line by line. It is about the test set and a network trained on all training images."""
    final = ", ".join(f"{epoch.test_accuracy:.2f}" for epoch in run.epochs[-LAST:])
    small = run.parameters < PARAMETER_BUDGET
    accurate = Check(
        claim=f"{TARGET_ACCURACY:.2f} % or better in each of the last {LAST} epochs",
        state=_accuracy_state(run),
        detail=beside_the_target(run) or (f"{final} %" if final else "no epoch" if run.is_over else "no epoch yet"),
    )
    size = Check(
        claim=f"Fewer than {PARAMETER_BUDGET:,} parameters",
        state="met" if small else "missed",
        detail=f"{run.parameters:,}",
    )
    return [size, accurate]


def _accuracy_state(run: RunSummary) -> Literal["met", "missed", "open", "not judged"]:
    if beside_the_target(run):
        return "not judged"
    if not run.complete:
        return "open"
    return "met" if run.held_target else "missed"


def beside_the_target(run: RunSummary) -> str:
    """Why the target says nothing about the run's accuracy; empty where it does."""
    if run.evaluated != "test":
        return "the target is about the test images, but this run is evaluated on validation images"
    if run.config.training_images < TRAINING_IMAGES:
        used = f"{run.config.training_images:,}"
        return f"the target is about training on all {TRAINING_IMAGES:,} images, but this run uses {used}"
    if run.config.epochs < LAST:
        return f"the target needs {LAST} epochs, but this run has {run.config.epochs}"
    return ""
