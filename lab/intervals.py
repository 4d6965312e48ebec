"""How far a handful of seeds can be trusted: intervals of a mean, of one more seed, of a share; and a run's place.

All intervals are at 95 %. Seeds of one recipe are taken as independent draws from one distribution, near enough to a
normal one for Student's t; a share needs no such assumption.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.95
_UPPER = (1 + LEVEL) / 2

Interval = tuple[float, float]


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Of the mean, by Student's t: m ± t(n - 1) s / sqrt(n). None for fewer than two values."""
    if len(values) < 2:
        return None
    return _around(statistics.mean(values), statistics.stdev(values) / math.sqrt(len(values)), len(values) - 1)


def next_interval(values: Sequence[float]) -> Interval | None:
    """Where one more value of the same kind is expected: m ± t(n - 1) s sqrt(1 + 1 / n). None for fewer than two."""
    if len(values) < 2:
        return None
    spread = statistics.stdev(values) * math.sqrt(1 + 1 / len(values))
    return _around(statistics.mean(values), spread, len(values) - 1)


def difference_interval(values: Sequence[float], others: Sequence[float]) -> Interval | None:
    """Of mean(values) - mean(others), by Welch's t for two spreads. None where either has fewer than two values."""
    if min(len(values), len(others)) < 2:
        return None
    parts = [statistics.variance(part) / len(part) for part in (values, others)]
    if sum(parts) == 0:
        difference = statistics.mean(values) - statistics.mean(others)
        return difference, difference
    weights = [part**2 / (len(of) - 1) for part, of in zip(parts, (values, others), strict=True)]
    return _around(
        statistics.mean(values) - statistics.mean(others), math.sqrt(sum(parts)), sum(parts) ** 2 / sum(weights)
    )


def share_interval(hits: int, of: int) -> Interval:
    """Of a share, by Wilson's score interval: where it can lie, in [0, 1], when `hits` of `of` were seen."""
    z = statistics.NormalDist().inv_cdf(_UPPER)
    centre = (hits + z**2 / 2) / (of + z**2)
    half = z / (of + z**2) * math.sqrt(hits * (of - hits) / of + z**2 / 4)
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a value stands among others."""

    below: int
    """How many of the others are lower."""
    equal: int
    above: int

    @property
    def percentile(self) -> float:
        """The share of the others that is lower, in percent; those that are equal count half."""
        return 100 * (self.below + self.equal / 2) / (self.below + self.equal + self.above)


def place(value: float, others: Sequence[float]) -> Place:
    """Where `value` stands among accuracies in percent, of which two are equal within half an image of 10,000."""
    hundredths = [round(100 * other) - round(100 * value) for other in others]
    return Place(
        below=sum(difference < 0 for difference in hundredths),
        equal=hundredths.count(0),
        above=sum(difference > 0 for difference in hundredths),
    )


def _around(centre: float, error: float, degrees: float) -> Interval:
    from scipy.special import stdtrit  # here: pages that show no interval need not wait for it

    half = float(stdtrit(degrees, _UPPER)) * error
    return centre - half, centre + half
