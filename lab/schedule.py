"""The learning rate at every iteration of a run, as a pure function of the config.

A pure function needs no state of its own, so a resumed run continues on the right value and the planned curve can be
drawn before anything is trained. The formulas are those of torch.optim.lr_scheduler (StepLR, CosineAnnealingLR over
the whole run by iteration, OneCycleLR with cosine annealing); tests compare them value by value.
"""

from __future__ import annotations

import math

from lab.config import RunConfig
from lab.timeline import Timeline

ONE_CYCLE_START = 25.0
"""The one-cycle policy starts at the peak divided by this (torch's div_factor)."""
ONE_CYCLE_END = 1e4
"""... and ends at its start divided by this (torch's final_div_factor)."""
PLANNED_PER_EPOCH, PLANNED_MOST = 20, 600
"""Points of the planned curve: of a long run fewer an epoch, since no chart is wider than some hundred pixels."""


def learning_rate(config: RunConfig, iteration: int) -> float:
    """Learning rate of iteration `iteration` (0 is the first of the run).

    `Optimizer.learning_rate` is the starting value of `none`, `step` and `cosine`, and the peak of `one_cycle`.
    """
    base, schedule = config.optimizer.learning_rate, config.schedule
    total = config.epochs * config.iterations_per_epoch
    if schedule.kind == "step":
        epoch = iteration // config.iterations_per_epoch
        return base * schedule.gamma ** (epoch // schedule.step_size)
    if schedule.kind == "cosine":
        return _cosine(base, 0.0, iteration / total)
    if schedule.kind == "one_cycle":
        return _one_cycle(base, iteration, total, schedule.warmup)
    return base


def planned_learning_rates(config: RunConfig) -> list[tuple[float, float]]:
    """(epoch, learning rate) pairs over the whole run, for drawing; epoch 0.5 is the middle of the first."""
    total = config.epochs * config.iterations_per_epoch
    count = min(config.epochs * PLANNED_PER_EPOCH, PLANNED_MOST)
    iterations = sorted({round(index * (total - 1) / count) for index in range(count + 1)})
    return [(i / config.iterations_per_epoch, learning_rate(config, i)) for i in iterations]


def rates_of_run(config: RunConfig, timeline: Timeline, parent_epoch: int | None) -> list[tuple[float, float]]:
    """The plan of a run; of a fork, up to the epoch after which it goes on, what the runs before it had."""
    planned = planned_learning_rates(config)
    if parent_epoch is None:
        return planned
    told = [(timeline.position(one), one.learning_rate) for one in timeline.windows if one.epoch <= parent_epoch]
    told = told or [(float(one.epoch), one.learning_rate) for one in timeline.epochs if one.epoch <= parent_epoch]
    return told + [(epoch, rate) for epoch, rate in planned if epoch >= parent_epoch]


def _cosine(start: float, end: float, share: float) -> float:
    """Cosine annealing: `start` at share 0, `end` at share 1."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _one_cycle(peak: float, iteration: int, total: int, warmup: float) -> float:
    """Smith and Topin's one-cycle policy (2018), up for the `warmup` share of the run and down to almost nothing."""
    start = peak / ONE_CYCLE_START
    top = max(1.0, warmup * total - 1)
    if iteration <= top:
        return _cosine(start, peak, iteration / top)
    return _cosine(peak, start / ONE_CYCLE_END, (iteration - top) / max(1.0, total - 1 - top))
