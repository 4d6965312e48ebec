"""How a finished run is told: its result against the target, and what to do next."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lab.analysis import RunSummary
from lab.config import RunConfig
from lab.findings import beside_the_target
from lab.quick import full, is_quick
from lab.steps import STEPS, TARGET_ACCURACY, Step, step, with_recipe

DIVERGED = "Its loss is no longer a number. Next: try a lower learning rate."


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A sentence on what came of it, one on what to do next, and what that is of a step or of the same run in full."""

    result: str
    next: str
    step: Step | None = None
    whole: RunConfig | None = None
    """Of a quick run: its recipe as a full one."""


def ending(run: RunSummary) -> Ending | None:
    """What is said of a run that has trained all its epochs; None of any other."""
    if not run.complete or run.last is None:
        return None
    result = f"Finished: {run.last.test_accuracy:.2f} % of the {run.evaluated} images are read correctly{_target(run)}."
    if not (math.isfinite(run.last.train_loss) and math.isfinite(run.last.test_loss)):
        return Ending(result=result, next=DIVERGED)
    if is_quick(run.config):
        recipe = run.config if run.step is None else with_recipe(run.config, run.step)  # with its own batches
        return Ending(result=result, next="Next: train it in full, on all images.", whole=full(recipe))
    if run.step is None or not run.as_published:
        return Ending(result=result, next="Next: change one thing, train again, and compare the two on the Runs page.")
    if run.step == len(STEPS):
        return Ending(result=result, next="Next: see on the Mistakes page which digits it still reads wrongly.")
    following = step(run.step + 1)
    return Ending(result=result, next=f"Next: step {following.number}, {_lower(following.name)}.", step=following)


def _target(run: RunSummary) -> str:
    """`, 0.02 points below the target of 99.40 %`, of a run that the target says something about."""
    if run.last is None or beside_the_target(run):
        return ""
    over = round(run.last.test_accuracy - TARGET_ACCURACY, 2)
    where = (
        "exactly the target" if over == 0 else f"{abs(over):.2f} points {'above' if over > 0 else 'below'} the target"
    )
    return f", {where} of {TARGET_ACCURACY:.2f} %"


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
