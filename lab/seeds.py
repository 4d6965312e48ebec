"""Runs of a step with different seeds, pooled where they stand on equal terms: what a recipe is worth on average.

Only complete runs on a step's own terms count: its epochs, all training images, the test set (`lab.terms.Terms`).
Seeds are pooled on equal terms only, precision and engine included; of several runs with equal terms and seed the
newest counts. Accuracies in percent.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.analysis import RunSummary
from lab.intervals import Interval, Place, mean_interval, next_interval, place, share_interval
from lab.published import TARGET_ACCURACY, published_epochs
from lab.terms import Terms

ENOUGH = 3
"""So many seeds at least before anything is said about another one."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Runs on equal terms with different seeds, in the order of their seeds; at least one."""

    terms: Terms
    runs: tuple[RunSummary, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of its runs."""
        return tuple(run.config.seed for run in self.runs)

    @property
    def finals(self) -> tuple[float, ...]:
        """Test accuracies after the last epoch."""
        return tuple(run.epochs[-1].test_accuracy for run in self.runs)

    @property
    def final_mean(self) -> float:
        """Of `finals`."""
        return statistics.mean(self.finals)

    @property
    def final_spread(self) -> float | None:
        """Sample standard deviation of `finals`; None for a single seed."""
        return statistics.stdev(self.finals) if len(self.runs) > 1 else None

    @property
    def mean_interval(self) -> Interval | None:
        """Where the mean over all seeds lies, at 95 %; None for a single seed."""
        return mean_interval(self.finals)

    @property
    def next_interval(self) -> Interval | None:
        """Where one more seed would end, at 95 %; None for fewer than three seeds, which say too little."""
        return next_interval(self.finals) if len(self.runs) >= ENOUGH else None

    @property
    def best_mean(self) -> float:
        """Of each run's best test accuracy."""
        return statistics.mean(max(epoch.test_accuracy for epoch in run.epochs) for run in self.runs)

    @property
    def train_mean(self) -> float:
        """Of the training accuracies in the last epoch, measured while training."""
        return statistics.mean(run.epochs[-1].train_accuracy for run in self.runs)

    def training_read(self, augmented: bool) -> tuple[float, ...] | None:
        """Of each run the accuracy on all its training images, read as the test images are after the last epoch.

        `augmented`: changed as in training. None where a run did not measure it.
        """
        read = [training_read(run, augmented) for run in self.runs]
        known = tuple(accuracy for accuracy in read if accuracy is not None)
        return known if len(known) == len(read) else None

    def training_read_as_published(self) -> tuple[float, ...] | None:
        """The same as the published run measured it: changed as in training where the step augments."""
        return self.training_read(augmented=self.runs[0].config.augmentation.active)

    @property
    def reached_target(self) -> int:
        """How many runs ended at 99.40 % or better."""
        return sum(final >= TARGET_ACCURACY for final in self.finals)

    @property
    def reached_share(self) -> Interval:
        """The share of all seeds that end at 99.40 % or better lies in this interval, at 95 %."""
        return share_interval(self.reached_target, len(self.runs))

    @property
    def held_target(self) -> int:
        """How many runs were at 99.40 % or better in each of the last three epochs."""
        return sum(run.held_target for run in self.runs)

    @property
    def published_place(self) -> Place | None:
        """Where the published run's final accuracy stands among `finals`; None for a step that nobody published."""
        published = published_final(self.terms.step)
        return None if published is None else place(published, self.finals)

    @property
    def reproduces(self) -> bool | None:
        """Whether the published run can be one more seed of these; None where they are too few or it is not there.

        Its accuracy is a whole number of images, so its two places are all of it: nothing is rounded.
        """
        published, expected = published_final(self.terms.step), self.next_interval
        if published is None or expected is None:
            return None
        return expected[0] <= published <= expected[1]


def training_read(run: RunSummary, augmented: bool) -> float | None:
    """A run's accuracy on all its training images after the last epoch: see `Pool.training_read`."""
    whole = run.config.images_per_epoch
    found = [part for part in run.epochs[-1].measured if part.images == whole and part.augmented == augmented]
    return found[0].accuracy if found else None


def published_final(step: int) -> float | None:
    """The published test accuracy of a step after its last epoch; None where nobody published one."""
    epochs = published_epochs(step)
    return epochs[-1].test_accuracy if epochs else None


def counted(runs: Iterable[RunSummary]) -> list[tuple[Terms, RunSummary]]:
    """The runs that count, by step and seed, float32 first."""
    newest = {}
    for run in sorted(runs, key=lambda run: run.run):
        if run.terms is not None and run.terms.as_published and run.complete:
            newest[run.terms, run.config.seed] = run

    def rank(pair: tuple[Terms, RunSummary]) -> tuple[int, int, bool, str, bool]:
        terms, run = pair
        return terms.step, run.config.seed, terms.precision != "float32", terms.engine, terms.on_gpu

    return sorted(((terms, run) for (terms, _), run in newest.items()), key=rank)


def pool_seeds(runs: Iterable[tuple[Terms, RunSummary]]) -> list[Pool]:
    """A pool for each terms, by step; of those of a step float32 first, then the one of the most seeds.

    Of equally many those that a CPU trained come first, on which the other steps were trained too.
    """
    found: dict[Terms, list[RunSummary]] = {}
    for terms, run in runs:
        found.setdefault(terms, []).append(run)
    pools = [Pool(terms=terms, runs=tuple(pool)) for terms, pool in found.items()]

    def order(pool: Pool) -> tuple[int, bool, int, bool]:
        terms = pool.terms
        return terms.step, terms.precision != "float32", -len(pool.runs), terms.on_gpu

    return sorted(pools, key=order)


def main_pool(pools: Sequence[Pool], step: int) -> Pool | None:
    """What is said of a step follows from this one: in float32, of the most seeds."""
    mine = (pool for pool in pools if pool.terms.step == step and pool.terms.precision == "float32")
    return next(mine, None)
