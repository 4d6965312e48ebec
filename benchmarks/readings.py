"""What the pooled seeds and the replays say, as Markdown: each table and each sentence follows from the figures.

A published run is one run with one seed. It is reproduced where it can be one more seed of those measured: where it
lies in the interval that one more seed would fall in at 95 %, nothing rounded. Fewer than three seeds say nothing about
another one.
"""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.replayed import ReplayedEpoch
from lab.analysis import LAST, RunSummary
from lab.config import TRAINING_IMAGES, RunConfig
from lab.describe import count
from lab.intervals import Interval, difference_interval, mean_interval, place
from lab.network_config import PARAMETER_BUDGET
from lab.published import published_epochs
from lab.report import between, figure, seed_words, table
from lab.seeds import ENOUGH, Pool, main_pool, published_final
from lab.steps import STEPS, step
from lab.terms import Terms

NOTHING = "No complete run of a step is in the reference database yet."
AHEAD = 99.45
"""Percent, to be held in each of the last three epochs by what is to lead."""
WIDE = 0.5
"""Points: steps 3 to 6 differ by less."""
ONE_IMAGE = 0.01
"""Points: an accuracy that is nearer than this to the edge of an interval lies on it, as near as one can."""
PUBLISHED_STEPS = tuple(preset.number for preset in STEPS if published_epochs(preset.number))


def places(pools: Sequence[Pool]) -> str:
    """How the seeds of each pool spread, and where the published run stands among them."""
    head = ("Step", "Computed in", "Seeds", "Lowest to highest %", "One more seed, 95 %", "Published final %")
    return table(
        (*head, "Published run's place", "Ended at 99.40 % or better", "... of all seeds, 95 %"),
        [
            (
                f"{pool.terms.step} {step(pool.terms.step).name}",
                pool.terms.computed,
                f"{len(pool.runs)}",
                f"{min(pool.finals):.2f} to {max(pool.finals):.2f}",
                between(pool.next_interval, 3),
                figure(published_final(pool.terms.step)),
                _place(pool),
                f"{pool.reached_target} of {len(pool.runs)}",
                f"{between((100 * pool.reached_share[0], 100 * pool.reached_share[1]), 0)} %",
            )
            for pool in pools
        ],
    )


def _place(pool: Pool) -> str:
    found = pool.published_place
    if found is None:
        return "-"
    equal = f", {found.equal} equal" if found.equal else ""
    return f"{found.below} below{equal}, {found.above} above it: percentile {found.percentile:.0f}"


def readings(pools: Sequence[Pool]) -> str:
    """A line for each published step: whether its run is reproduced."""
    return "\n".join(f"- {_reading(number, main_pool(pools, number))}" for number in PUBLISHED_STEPS)


def _reading(number: int, pool: Pool | None) -> str:
    if pool is None:
        return f"Step {number}: no run in float32 yet."
    published, expected = published_final(number), pool.next_interval
    assert published is not None
    if expected is None:
        return f"Step {number}: {_seeds(len(pool.runs))} of the {ENOUGH} that it takes to say anything of another one."
    does, where = ("reproduces", "inside") if pool.reproduces else ("does not reproduce", "outside")
    from_the_edge = min(abs(published - edge) for edge in expected)
    near = from_the_edge < ONE_IMAGE
    by = f", by {from_the_edge:.3f} points, less than one image" if near else ""
    width = expected[1] - expected[0]
    wide = f" So few seeds say little: that is {width:.2f} points wide." if width > WIDE else ""
    return (
        f"Step {number} {does} the published run{by}: its {published:.2f} % lies {'just ' if near else ''}{where} "
        f"{between(expected, 3)} %, where one more seed would end by the {_seeds(len(pool.runs))} measured.{wide} "
        f"{_distance(pool, published)}"
    )


def _seeds(number: int) -> str:
    return count(number, "seed")


def _distance(pool: Pool, published: float) -> str:
    interval = pool.mean_interval
    assert interval is not None
    low, high = interval[0] - published, interval[1] - published
    away = pool.final_mean - published
    told = f"Their mean lies {abs(away):.3f} points {'above' if away > 0 else 'below'} it"
    return f"{told} (95 %: {low:+.3f} to {high:+.3f}): {_luck(low, high)}."


def _luck(low: float, high: float) -> str:
    if high < 0:
        return "the published run is better than this recipe is on average"
    if low > 0:
        return "the published run is worse than this recipe is on average"
    return "the published run cannot be told from an average one"


def gains(pools: Sequence[Pool]) -> str:
    """What each step adds to the one before, where both are measured alike."""
    rows = []
    for one, other in pairwise(preset.number for preset in STEPS):
        before, after = main_pool(pools, one), main_pool(pools, other)
        if before and after and before.terms.computed == after.terms.computed:
            interval = difference_interval(after.finals, before.finals)
            gain = f"{after.final_mean - before.final_mean:+.3f}"
            if interval is None:
                rows.append((f"{one} to {other}", gain, "-", "too few seeds"))
            else:
                sure = "more" if interval[0] > 0 else "less" if interval[1] < 0 else "cannot be told apart"
                rows.append((f"{one} to {other}", gain, f"{interval[0]:+.3f} to {interval[1]:+.3f}", sure))
    return table(("Step", "Final test accuracy, mean, points", "95 %", "So it is"), rows)


def luck(pools: Sequence[Pool], replayed: Sequence[ReplayedEpoch]) -> str:
    """Whether 99.40 % at the end of step 5 is the published seed's luck."""
    pool = main_pool(pools, 5)
    if pool is None or len(pool.runs) < ENOUGH:
        return "Too few seeds of step 5 are measured to say."
    low, high = (100 * share for share in pool.reached_share)
    said = [
        f"{pool.reached_target} of {_seeds(len(pool.runs))} end at 99.40 % or better, so between {low:.0f} and "
        f"{high:.0f} % of all seeds do (95 %); {pool.held_target} hold it through the last {LAST} epochs, as the "
        f"published run does, which stands at percentile {_percentile(pool)} of them.",
        _verdict(low, high),
        *_replayed_luck(pool, replayed),
    ]
    return " ".join(said)


def _percentile(pool: Pool) -> str:
    found = pool.published_place
    assert found is not None
    return f"{found.percentile:.0f}"


def _verdict(low: float, high: float) -> str:
    if high < 50:
        return "So it is luck in this sense: most seeds of the recipe do not get there."
    return "So it is no luck: most seeds get there." if low > 50 else "That leaves open whether most seeds get there."


def _replayed_luck(pool: Pool, replayed: Sequence[ReplayedEpoch]) -> Iterator[str]:
    finals = [line.test_correct / 100 for line in replayed if line.step == 5 and line.epoch == len(published_epochs(5))]
    if not finals:
        return
    told = ", ".join(f"{final:.2f}" for final in finals)
    draws = "one draw" if len(finals) == 1 else f"{len(finals)} draws"
    yield f"The published seed's own weights, order and rotations with {draws} of dropout's masks end at {told} %"
    interval = mean_interval(finals)
    if interval and len(finals) >= ENOUGH:
        yield f"(mean {statistics.mean(finals):.3f} %, 95 %: {between(interval, 3)}):"
        yield _of_others(pool.final_mean, interval)
        return
    places = [place(final, pool.finals) for final in finals]
    lower, higher = (" and ".join(f"{getattr(found, way)}" for found in places) for way in ("below", "above"))
    yield (
        f"({lower} of the {len(pool.runs)} seeds end lower, {higher} higher). So few draws cannot tell whether the "
        "seed or the masks did it."
    )


def ahead(runs: Sequence[RunSummary]) -> str:
    """The recipes of at most 10,000 parameters that no step was published for, whole runs, the best mean first."""
    found: dict[tuple[RunConfig, str], list[RunSummary]] = {}
    for run in sorted(runs, key=lambda run: run.config.seed):
        if is_whole(run) and published_final(run.step or 0) is None and run.parameters < PARAMETER_BUDGET:
            found.setdefault((replace(run.config, seed=0, device="auto"), run.computed), []).append(run)
    if not found:
        return NOTHING
    rows = sorted(map(_ahead, found.values()), key=lambda row: row[4], reverse=True)
    head = ("Recipe", "Parameters", "Computed in", "Seeds", "Final %, mean ± sd", "95 % interval of the mean")
    return table((*head, "Lowest to highest %", f"{AHEAD:.2f} % in all of the last {LAST}"), rows)


def is_whole(run: RunSummary) -> bool:
    """Whether it trained on all images to its end and was read on the test set."""
    config = run.config
    return run.complete and config.training_images == TRAINING_IMAGES and config.evaluate_on == "test"


def _ahead(runs: Sequence[RunSummary]) -> tuple[str, ...]:
    finals = [run.epochs[-1].test_accuracy for run in runs]
    spread = f" ± {statistics.stdev(finals):.2f}" if len(finals) > 1 else ""
    held = sum(all(epoch.test_accuracy >= AHEAD for epoch in run.epochs[-LAST:]) for run in runs)
    return (
        runs[0].name.rpartition(", seed ")[0],
        f"{runs[0].parameters:,}",
        runs[0].computed,
        seed_words([run.config.seed for run in runs]),
        f"{statistics.mean(finals):.3f}{spread}",
        between(mean_interval(finals), 3),
        f"{min(finals):.2f} to {max(finals):.2f}",
        f"{held} of {len(runs)}",
    )


def second_reading(runs: Sequence[RunSummary]) -> str:
    """What a second reading brings on the test set: the same seeds, and so the same weights, read once."""
    whole = {(run.config, run.hardware): run for run in runs if is_whole(run)}
    gained = []
    for twice in whole.values():
        network = replace(twice.config.network, second_reading=False)
        once = whole.get((replace(twice.config, network=network), twice.hardware))
        if twice.config.network.second_reading and once is not None:
            gained.append(twice.epochs[-1].test_accuracy - once.epochs[-1].test_accuracy)
    interval = mean_interval(gained)
    if interval is None:
        return NOTHING
    proven = "gain" if interval[0] > 0 else "loss" if interval[1] < 0 else "difference that cannot be told from none"
    return (
        f"On the test set, {_seeds(len(gained))}, each read once and twice with the same weights: "
        f"{statistics.mean(gained):+.3f} points for the second reading (95 %, paired: {interval[0]:+.3f} to "
        f"{interval[1]:+.3f}), a {proven}."
    )


def _of_others(mean: float, own: Interval) -> str:
    """How the published seed, whatever its masks, stands to other seeds."""
    if own[0] <= mean <= own[1]:
        return "that is what other seeds come to, too."
    better, lies = ("better", "below") if mean < own[0] else ("worse", "above")
    told = f"so this seed is {better} than the average one, whatever its masks."
    return f"the mean of other seeds, {mean:.3f} %, lies {lies} that, {told}"


def engines(pools: Sequence[Pool]) -> str:
    """The final accuracies of seeds that were trained by the compiled engine and by PyTorch's modules, paired."""
    tables: list[str] = []
    for number in (preset.number for preset in STEPS):
        mine = [pool for pool in pools if pool.terms.step == number and _in_float32(pool)]
        for one in (pool for pool in mine if pool.terms.engine == "compiled"):
            for other in (pool for pool in mine if pool.terms.engine == "PyTorch"):
                tables += _paired(number, one, other)
    return "\n\n".join(tables) or "The reference database holds no seed of a step on both engines yet."


def _in_float32(pool: Pool) -> bool:
    return pool.terms.precision == "float32"


def _paired(number: int, one: Pool, other: Pool) -> Iterator[str]:
    ones, others = (dict(zip(pool.seeds, pool.finals, strict=True)) for pool in (one, other))
    seeds = sorted(set(ones) & set(others))
    if not seeds:
        return
    modules = "PyTorch's modules on a GPU" if other.terms.on_gpu else "PyTorch's modules"
    rows = [
        (engine, *(figure(finals[seed]) for seed in seeds), f"{statistics.mean(finals[seed] for seed in seeds):.3f}")
        for engine, finals in (("compiled engine", ones), (modules, others))
    ]
    yield table((f"Step {number}, seed", *map(str, seeds), "Mean"), rows)
    differences = [ones[seed] - others[seed] for seed in seeds]
    interval = mean_interval(differences)
    within = f", with a 95 % interval from {interval[0]:+.3f} to {interval[1]:+.3f}" if interval else ""
    yield f"The paired difference is {statistics.mean(differences):+.3f} points{within}."


def origin(runs: Sequence[tuple[Terms, RunSummary]]) -> str:
    """How many runs there are, and on what machines and by which code they were trained."""
    if not runs:
        return NOTHING
    by = Counter((terms.computed, run.hardware, run.code_commit or "unknown") for terms, run in runs)
    lines = [(f"{count}", *facts) for facts, count in sorted(by.items())]
    seeds = {
        number: seed_words(sorted({run.config.seed for terms, run in runs if terms.step == number}))
        for number in sorted({terms.step for terms, _ in runs})
    }
    told = "; ".join(f"step {number}: {words}" for number, words in seeds.items())
    return f"Seeds by step: {told}.\n\n" + table(("Runs", "Computed in", "Hardware", "Commit"), lines)
