"""The axis of runs over each other: as close as their ends need it, and which of them lie outside of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from lab.curve_axis import LOSS_RANGE, WHOLE_RANGE, on_log
from lab.events import Epoch
from lab.groups import Group

What = Literal["accuracy", "loss"]

LEAST: dict[What, float] = {"accuracy": 0.1, "loss": 0.05}
"""What the ends of the lines span at least: points of accuracy, powers of ten of the loss."""
EMPTY: dict[What, tuple[float, float]] = {
    "accuracy": WHOLE_RANGE,
    "loss": (math.log10(LOSS_RANGE[0]), math.log10(LOSS_RANGE[1])),
}
"""The axis of a chart in which nothing is drawn, be it that no loss is a finite number."""
SQUASHED = 30
"""An end may make the height that all ends take so many times what the better ones take, before it is left out."""


@dataclass(frozen=True)
class Line:
    """What the axis must know of a group: its points, those of its seeds too, and where its mean ends; not empty.

    Heights are in the unit of the axis: percent, or powers of ten of the loss.
    """

    label: str
    points: tuple[tuple[float, float], ...]
    end: tuple[float, float]

    @property
    def last_third(self) -> list[float]:
        """Heights in the last third of its own epochs."""
        last = max(epoch for epoch, _ in self.points)
        return [height for epoch, height in self.points if epoch > 2 * last / 3]


# --- the lines ---------------------------------------------------------------------------------------------------


def lines_of(groups: Sequence[Group], what: What) -> dict[str, Line]:
    """The groups whose line has a point, by their labels."""
    value, scale = value_of(what), math.log10 if what == "loss" else float

    def finite(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(epoch, scale(height)) for epoch, height in points if math.isfinite(height)]

    lines = {}
    for group in groups:
        mean = finite((epoch, height) for epoch, height, _ in group.means(value))
        seeds = finite((epoch.epoch, value(epoch)) for run in group.runs for epoch in run.epochs)
        if mean:
            lines[group.label] = Line(group.label, (*mean, *seeds), mean[-1])
    return lines


def value_of(what: What) -> Callable[[Epoch], float]:
    """What is drawn of an epoch: percent, or a loss; NaN where that is no finite number."""
    if what == "accuracy":
        return lambda epoch: epoch.test_accuracy
    return lambda epoch: math.nan if (height := on_log(epoch.test_loss)) is None else height


# --- where the axis lies -----------------------------------------------------------------------------------------


def close_range(lines: Sequence[Line], what: What) -> tuple[float, float]:
    """Where the axis lies, so that the last third of every line fills half of it, or more where that shows all.

    The other half is on the side that the lines come from. There is at least one line.
    """
    ends = [height for line in lines for height in line.last_third]
    low, high = _widened(ends, what)
    margin = 0.1 * (high - low)
    free = (high - low) - 2 * margin
    least, most = whole_range(lines, what, margin)
    from_below = low - least >= most - high
    low, high = (low - margin - free, high + margin) if from_below else (low - margin, high + margin + free)
    return max(low, least), min(high, most)


def whole_range(lines: Sequence[Line], what: What, margin: float | None = None) -> tuple[float, float]:
    """Where an axis lies that shows every point of these lines, at least one, with a margin."""
    low, high = _widened([height for line in lines for _, height in line.points], what)
    margin = 0.05 * (high - low) if margin is None else margin
    low, high = low - margin, high + margin
    return (max(low, WHOLE_RANGE[0]), min(high, WHOLE_RANGE[1])) if what == "accuracy" else (low, high)


def _widened(heights: Sequence[float], what: What) -> tuple[float, float]:
    """The least and the greatest, further apart where they are nearly the same."""
    missing = max(0.0, LEAST[what] - (max(heights) - min(heights))) / 2
    return min(heights) - missing, max(heights) + missing


def _span(heights: Sequence[float], what: What) -> float:
    low, high = _widened(heights, what)
    return high - low


# --- what lies outside -------------------------------------------------------------------------------------------


def left_out(groups: Sequence[Group], what: What) -> dict[str, str]:
    """Where the lines end that a close axis leaves out, by the labels of their groups: `9.80 %`.

    These are the worst, where with them the others could not be told apart any more. Two lines are always shown.
    """
    is_accuracy = what == "accuracy"
    ranked = sorted(lines_of(groups, what).values(), key=lambda line: -line.end[1] if is_accuracy else line.end[1])
    shown = ranked[:2]
    for line in ranked[2:]:
        better = _span([height for one in shown for height in one.last_third], what)
        if _span([one.end[1] for one in (*shown, line)], what) > SQUASHED * better:
            break
        shown.append(line)
    absent = ranked[len(shown) :]
    return {line.label: f"{line.end[1]:.2f} %" if is_accuracy else f"{10 ** line.end[1]:.4f}" for line in absent}


def left_out_words(groups: Sequence[Group]) -> str:
    """Which lines lie outside close charts, in sentences; empty where none does."""
    words = [
        f"{label[0].upper()}{label[1:]} is outside the {what} chart: its line ends at {end}."
        for what in EMPTY
        for label, end in left_out(groups, what).items()
    ]
    if not words:
        return ""
    return " ".join([*words, "The other lines could not be told apart beside that. 'Show every epoch' draws them all."])
