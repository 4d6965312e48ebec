"""The distribution of the seeds as an SVG: a dot a seed, the mean with its interval, the published run's place.

Legible on light and dark pages: the picture brings its ground along, and both follow what the reader's system prefers.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.describe import count
from lab.intervals import Interval
from lab.published import TARGET_ACCURACY
from lab.report import seed_words
from lab.seeds import Pool, published_final
from lab.steps import step

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 800, 250, 24, 62, 44
DOT, PITCH = 2.6, 6.5
"""Radius of a dot, and how far two that stand on the same accuracy are apart."""
LIGHT = {
    "ground": "#ffffff",
    "ink": "#1d2733",
    "faint": "#596470",
    "grid": "#d9dfe5",
    "seed": "#a86500",
    "mean": "#1d2733",
}
DARK = {
    "ground": "#14181d",
    "ink": "#e8ecf0",
    "faint": "#a3adb8",
    "grid": "#39424c",
    "seed": "#e69f00",
    "mean": "#e8ecf0",
}
"""Test accuracies are orange, as everywhere in the lab, and what is published grey."""


def distribution(pools: Sequence[Pool]) -> str:
    """The picture: a row for each pool."""
    scale = _Scale(pools)
    tops: list[float] = [TOP]
    for pool in pools:
        tops.append(tops[-1] + _height(pool))
    height = tops[-1] + BOTTOM
    body = [*_axis(scale, tops[-1]), *_legend()]
    for pool, top, bottom in zip(pools, tops, tops[1:], strict=False):
        body += _row(pool, scale, top, bottom)
    if not pools:
        body.append(_text(WIDTH / 2, TOP + 12, "no complete run of a step yet", "faint", "middle"))
    return "\n".join([*_head(height, pools), *body, "</svg>", ""])


class _Scale:
    """Accuracies in percent -> where they stand across the picture."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        shown: list[float] = [TARGET_ACCURACY]
        for pool in pools:
            shown += [*pool.finals, *(pool.mean_interval or ())]
            published = published_final(pool.terms.step)
            shown += [] if published is None else [published]
        self.low, self.high = math.floor(10 * min(shown) - 0.2) / 10, math.ceil(10 * max(shown) + 0.2) / 10

    def __call__(self, accuracy: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (accuracy - self.low) / (self.high - self.low)

    def marks(self) -> list[float]:
        """Tenths of a percent, or halves where they would be many."""
        every = 1 if self.high - self.low < 1.5 else 5
        return [tenth / 10 for tenth in range(round(10 * self.low), round(10 * self.high) + 1) if tenth % every == 0]


def _head(height: float, pools: Sequence[Pool]) -> Iterator[str]:
    told = "; ".join(
        f"step {pool.terms.step}: {count(len(pool.runs), 'seed')}, mean {pool.final_mean:.3f} %" for pool in pools
    )
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">'
    )
    yield "<title>Final test accuracy of every seed, by step</title>"
    yield f"<desc>{escape(told or 'no run yet')}</desc>"
    yield f"<style>{_style(LIGHT)} @media (prefers-color-scheme: dark) {{ {_style(DARK)} }}</style>"
    yield f'<rect class="ground" width="{WIDTH}" height="{height:.0f}" rx="6"/>'


def _style(colours: dict[str, str]) -> str:
    c = colours
    return (
        f".ground {{ fill: {c['ground']} }} .ink {{ fill: {c['ink']} }} .faint {{ fill: {c['faint']} }} "
        f".grid {{ stroke: {c['grid']} }} .seed {{ fill: {c['seed']} }} .mean {{ stroke: {c['mean']}; fill: none }} "
        f".published {{ stroke: {c['faint']}; fill: {c['ground']} }} .target {{ stroke: {c['faint']} }}"
    )


def _axis(scale: _Scale, bottom: float) -> Iterator[str]:
    for mark in scale.marks():
        yield _line("grid", scale(mark), TOP, scale(mark), bottom)
        yield _text(scale(mark), bottom + 18, f"{mark:.1f}", "faint", "middle")
    yield _line("grid", 16, bottom, WIDTH - RIGHT, bottom)
    yield _line("target", scale(TARGET_ACCURACY), TOP, scale(TARGET_ACCURACY), bottom, dashes="2 4")
    yield _text((LEFT + WIDTH - RIGHT) / 2, bottom + 36, "test accuracy after the last epoch, %", "faint", "middle")


def _legend() -> Iterator[str]:
    yield _text(16, 26, "Final test accuracy, a dot a seed", "ink", weight=600)
    x, y = 16.0, 48.0
    yield _dot(x + 4, y - 4)
    yield _text(x + 14, y, "a seed", "faint")
    yield from _mean(x + 88, y - 4, (x + 76, x + 100))
    yield _text(x + 108, y, "mean and its 95 % interval", "faint")
    yield _diamond(x + 308, y - 4)
    yield _text(x + 322, y, "the published run", "faint")
    yield _line("target", x + 454, y - 4, x + 478, y - 4, dashes="2 4")
    yield _text(x + 486, y, f"{TARGET_ACCURACY:.2f} %, the target", "faint")


def _height(pool: Pool) -> float:
    return max(56.0, 40 + PITCH * max(_stacks(pool).values()))


def _stacks(pool: Pool) -> Counter[int]:
    """How many seeds ended at each hundredth of a percent: with so many images right."""
    return Counter(round(100 * final) for final in pool.finals)


def _row(pool: Pool, scale: _Scale, top: float, bottom: float) -> Iterator[str]:
    yield _line("grid", 16, top, WIDTH - RIGHT, top)
    base = bottom - 26
    yield _text(16, base - 2, f"{pool.terms.step} {step(pool.terms.step).name}", "ink", weight=600)
    seeds = f"seed {pool.seeds[0]}" if len(pool.seeds) == 1 else f"seeds {seed_words(pool.seeds)}"
    yield _text(16, base + 14, f"{seeds}: {pool.terms.computed}", "faint", size=11)
    for correct, seeds_there in sorted(_stacks(pool).items()):
        for place in range(seeds_there):
            yield _dot(scale(correct / 100), base - PITCH * place)
    yield from _mean(scale(pool.final_mean), base + 12, _scaled(scale, pool.mean_interval))
    published = published_final(pool.terms.step)
    if published is not None:
        yield _diamond(scale(published), base + 12)


def _scaled(scale: _Scale, interval: Interval | None) -> Interval | None:
    return None if interval is None else (scale(interval[0]), scale(interval[1]))


def _mean(x: float, y: float, interval: Interval | None) -> Iterator[str]:
    """A stroke at the mean; a line with ends over its interval, if there is one."""
    yield _line("mean", x, y - 6, x, y + 6, width=2)
    if interval is not None:
        yield _line("mean", interval[0], y, interval[1], y)
        for end in interval:
            yield _line("mean", end, y - 3, end, y + 3)


def _dot(x: float, y: float) -> str:
    return f'<circle class="seed" cx="{x:.1f}" cy="{y:.1f}" r="{DOT}"/>'


def _diamond(x: float, y: float) -> str:
    return f'<path class="published" stroke-width="2" d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z"/>'


def _line(name: str, x1: float, y1: float, x2: float, y2: float, width: float = 1, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line class="{name}" {ends} stroke-width="{width:g}"{dashed}/>'


def _text(x: float, y: float, words: str, name: str, anchor: str = "start", weight: int = 400, size: int = 13) -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" font-size="{size}"'
    return f'<text class="{name}" {where}>{escape(words)}</text>'
