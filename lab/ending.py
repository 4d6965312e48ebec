"""How a run that has ended is told: its result against the target, and what to do next.

Of one that ended early its state says how far it came, and why it failed or was interrupted; what is told then is that
it learned nothing, or was stopped before it could, and what helps.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.analysis import RunSummary
from lab.config import RunConfig
from lab.findings import has_lost_its_loss, is_guessing
from lab.published import TARGET_ACCURACY
from lab.quick import full, is_quick
from lab.scorecard import beside_the_target
from lab.steps import STEPS, Step, step, with_recipe

DIVERGED = "Its loss is no longer a number. Next: try a lower learning rate."
RATES = tuple(sorted(preset.config.optimizer.learning_rate for preset in STEPS))
ENDED_EARLY = {"stopped": "Stopped", "failed": "Failed", "interrupted": "Interrupted"}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A sentence on what came of it, one on what to do next, and what that is of a step or of the same run in full."""

    result: str
    next: str
    step: Step | None = None
    whole: RunConfig | None = None
    """Of a quick run: its recipe as a full one."""


STOPPED_AT_ONCE = Ending(
    result="Stopped before its first epoch: no trained network was kept.",
    next="Next: Resume starts it again from the beginning. Or change its settings and start another run.",
)


def ending(run: RunSummary) -> Ending | None:
    """What is said of a run that has trained all its epochs, or has ended early and learned nothing; else None."""
    if run.last is None:
        return STOPPED_AT_ONCE if run.status == "stopped" else None
    advice = _what_helps(run)
    read = f"{run.last.test_accuracy:.2f} % of the {run.evaluated} images are read correctly"
    if not run.complete:
        if not advice or run.status not in ENDED_EARLY or "learning rate" in run.reason:  # which says it already
            return None
        return Ending(result=f"{ENDED_EARLY[run.status]} after epoch {run.last.epoch}: {read}.", next=advice)
    result = f"Finished: {read}{_target(run)}."
    if advice:
        return Ending(result=result, next=advice)
    if is_quick(run.config):
        recipe = run.config if run.step is None else with_recipe(run.config, run.step)  # with its own batches
        return Ending(result=result, next="Next: train it in full, on all images.", whole=full(recipe))
    if run.step is None or not run.as_published:
        return Ending(result=result, next="Next: change one thing, train again, and compare the two on the Runs page.")
    if run.step == len(STEPS):
        return Ending(result=result, next="Next: see on the Mistakes page which digits it still reads wrongly.")
    following = step(run.step + 1)
    return Ending(result=result, next=f"Next: step {following.number}, {_lower(following.name)}.", step=following)


def _what_helps(run: RunSummary) -> str:
    """What to do about a run that has learned nothing, or lost it; empty for one that reads."""
    if has_lost_its_loss(run):
        return DIVERGED
    if not is_guessing(run):
        return ""
    optimizer, between = run.config.optimizer, f"the steps use {RATES[0]:g} to {RATES[-1]:g}"
    if optimizer.kind == "sgd" and optimizer.learning_rate > RATES[-1]:
        helps = f"try a lower learning rate: {between}"
    elif optimizer.kind == "sgd" and optimizer.learning_rate < RATES[0]:
        helps = f"try a higher learning rate: {between}"
    else:
        helps = "try another learning rate, or more epochs"
    return f"That is guessing: 1 digit in 10 is right by chance. Next: {helps}."


def _target(run: RunSummary) -> str:
    """`, 0.02 points below the target of 99.40 %`, of a run that the target says something about."""
    if run.last is None or beside_the_target(run):
        return ""
    over = run.last.test_accuracy - TARGET_ACCURACY
    where = (
        "exactly the target" if over == 0 else f"{abs(over):.2f} points {'above' if over > 0 else 'below'} the target"
    )
    return f", {where} of {TARGET_ACCURACY:.2f} %"


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
