"""What is said of seeds and replays follows from their figures by stated rules."""

from dataclasses import replace
from typing import Any

import pytest
from summaries import epochs, pools, replayed_epochs, seed_run, seed_runs, summary

from benchmarks import readings
from lab.analysis import RunSummary
from lab.steps import step


def reading(number: int, *finals: float) -> str:
    lines = readings.readings(pools(*seed_runs(number, *finals))).splitlines()
    return next(line for line in lines if line.startswith(f"- Step {number}"))


def test_a_step_reproduces_the_published_run_where_that_can_be_one_more_seed() -> None:
    told = reading(5, 99.30, 99.35, 99.40, 99.36, 99.34)
    # mean 99.35, s = 0.0361: one more within 2.776 * 0.0361 * sqrt(1.2) = 0.110
    assert "Step 5 reproduces the published run: its 99.40 % lies inside 99.240 to 99.460 %" in told
    assert "by the 5 seeds measured" in told
    # the mean within 2.776 * 0.0361 / sqrt(5) = 0.045: 99.40 is 0.05 away
    assert "lies 0.050 points below it" in told and "better than this recipe is on average" in told


def test_a_step_does_not_reproduce_what_lies_outside() -> None:
    told = reading(2, 98.80, 98.81, 98.82)
    assert "Step 2 does not reproduce the published run: its 98.92 % lies outside 98.760 to 98.860 %" in told


def test_what_lies_just_outside_is_not_rounded_inside() -> None:
    told = reading(5, *[99.26] * 10, *[99.34] * 10)
    # mean 99.30, s = 0.04 * sqrt(20 / 19) = 0.04104: one more within 2.093 * 0.04104 * sqrt(1.05) = 0.0880
    assert "Step 5 does not reproduce the published run: its 99.40 % lies outside 99.212 to 99.388 %" in told
    told = reading(5, *[99.255] * 10, *[99.345] * 10)
    # mean 99.30, s = 0.04617: within 0.0990 of it, which is 99.40 when it is rounded
    assert (
        "Step 5 does not reproduce the published run, by 0.001 points, less than one image: its 99.40 % lies just "
        "outside 99.201 to 99.399 %"
    ) in told


def test_what_lies_just_inside_is_told_too() -> None:
    told = reading(5, *[99.2535] * 10, *[99.3465] * 10)
    # s = 0.04771: within 0.1023
    assert (
        "Step 5 reproduces the published run, by 0.002 points, less than one image: its 99.40 % lies just inside "
        "99.198 to 99.402 %"
    ) in told


@pytest.mark.parametrize(
    ("finals", "said"),
    [
        ((99.00, 99.01, 99.02), "better than this recipe is on average"),
        ((99.38, 99.39, 99.42), "cannot be told from an average one"),
        ((99.50, 99.51, 99.52), "worse than this recipe is on average"),
    ],
)
def test_the_published_run_is_better_or_worse_than_the_mean_or_cannot_be_told_from_it(
    finals: tuple[float, ...], said: str
) -> None:
    assert f"the published run {'is ' * said.startswith(('better', 'worse'))}{said}." in reading(5, *finals)


def test_a_wide_interval_is_said_to_say_little() -> None:
    assert "So few seeds say little" in reading(3, 99.2, 99.3, 99.5)
    assert "So few seeds say little" not in reading(3, 99.36, 99.37, 99.39)


@pytest.mark.parametrize(("finals", "count"), [((99.4,), "1 seed"), ((99.4, 99.3), "2 seeds")])
def test_two_seeds_say_nothing_of_another_one(finals: tuple[float, ...], count: str) -> None:
    assert f"Step 4: {count} of the 3 that it takes" in reading(4, *finals)


def test_the_published_run_has_its_percentile_and_the_share_at_the_target_its_interval() -> None:
    twenty = [99.30] * 18 + [99.40, 99.41]
    told = readings.places(pools(*seed_runs(5, *twenty)))
    # (18 + 1 / 2) / 20; Wilson of 2 in 20: 2.8 to 30.1 %
    assert "| 18 below, 1 equal, 1 above it: percentile 92 | 2 of 20 | 3 to 30 % |" in told


@pytest.mark.parametrize(
    ("finals", "verdict"),
    [
        ([99.3] * 18 + [99.41] * 2, "So it is luck in this sense: most seeds of the recipe do not get there."),
        ([99.3] * 2 + [99.41] * 18, "So it is no luck: most seeds get there."),
        ([99.3] * 10 + [99.41] * 10, "That leaves open whether most seeds get there."),
    ],
)
def test_whether_9940_is_luck_follows_from_the_share_of_seeds_that_get_there(finals: list[float], verdict: str) -> None:
    assert verdict in readings.luck(pools(*seed_runs(5, *finals)), ())


def test_one_replay_of_step_5_cannot_tell_the_seed_from_the_masks() -> None:
    told = readings.luck(pools(*seed_runs(5, 99.30, 99.32, 99.35)), replayed_epochs(5, draw=1))
    assert "with one draw of dropout's masks end at 99.33 % (2 of the 3 seeds end lower, 1 higher)" in told


@pytest.mark.parametrize(
    ("right", "verdict"),
    [
        (9_932, "that is what other seeds come to, too."),
        (9_940, "99.320 %, lies below that, so this seed is better than the average one, whatever its masks."),
        (9_920, "99.320 %, lies above that, so this seed is worse than the average one, whatever its masks."),
    ],
)
def test_several_replays_of_step_5_are_held_against_the_other_seeds(right: int, verdict: str) -> None:
    draws = [line for draw in (1, 2, 3) for line in replayed_epochs(5, draw, right + draw - 2)]
    told = readings.luck(pools(*seed_runs(5, 99.30, 99.32, 99.34)), draws)
    assert "with 3 draws" in told and verdict in told


def test_what_a_step_adds_is_told_where_both_are_measured_alike() -> None:
    known = pools(
        *seed_runs(2, 98.9, 98.91, 98.92), *seed_runs(3, 99.3, 99.31, 99.32), *seed_runs(4, 99.3, 99.31, 99.33)
    )
    rows = readings.gains(known).splitlines()[2:]
    assert [row.split(" | ")[0] for row in rows] == ["| 2 to 3", "| 3 to 4"]
    # s = 0.01 of three each: 2.776 * sqrt(2 * 0.0001 / 3)
    assert rows[0] == "| 2 to 3 | +0.400 | +0.377 to +0.423 | more |"
    assert rows[1].endswith("| cannot be told apart |")
    other = [seed_run(5, 1, 99.3, hardware="a CPU, PyTorch engine")]
    assert "4 to 5" not in readings.gains(pools(*seed_runs(4, 99.3), *other))


def test_two_engines_are_compared_on_the_seeds_that_both_have() -> None:
    mine = [seed_run(5, seed, final, "a CPU, PyTorch engine") for seed, final in ((1, 99.32), (2, 99.30), (9, 99.0))]
    told = readings.engines(pools(*seed_runs(5, 99.30, 99.30, 99.4), *mine))
    assert "| Step 5, seed | 1 | 2 | Mean |" in told
    assert "| compiled engine | 99.30 | 99.30 | 99.300 |" in told
    # differences -0.02 and 0.00: t(1) = 12.706 times 0.01
    assert "The paired difference is -0.010 points, with a 95 % interval from -0.137 to +0.117." in told


def test_without_a_seed_on_both_engines_that_is_said() -> None:
    assert readings.engines(pools(*seed_runs(5, 99.3))) == (
        "The reference database holds no seed of a step on both engines yet."
    )


def test_runs_in_bfloat16_stand_apart_and_nothing_is_concluded_from_them() -> None:
    half = [
        replace(found, config=replace(found.config, precision="bfloat16")) for found in seed_runs(5, 99.4, 99.4, 99.4)
    ]
    assert "- Step 5: no run in float32 yet." in readings.readings(pools(*half))
    assert len(readings.places(pools(*half, *seed_runs(5, 99.3))).splitlines()) == 4


def own_run(seed: int, *last: float, **changes: Any) -> RunSummary:
    """A whole run of a recipe that no step has."""
    told = epochs(*[98.0] * 12, *last)
    base = replace(step(3).config, batch_size=32, seed=seed)
    return summary(told, name=f"mine, seed {seed}", base=base, run=seed, **changes)


def read_once(seed: int, final: float, **changes: Any) -> RunSummary:
    """Beyond without its second reading."""
    beyond = step(6).config
    base = replace(beyond, network=replace(beyond.network, second_reading=False), seed=seed)
    return summary(epochs(*[98.0] * 14, final), run=seed, base=base, **changes)


@pytest.mark.parametrize(
    ("twice", "told"),
    [
        # gains 0.01, 0.02 and 0.03: t(2) = 4.303 times 0.01 / sqrt(3)
        ((99.51, 99.52, 99.53), "+0.020 points for the second reading (95 %, paired: -0.005 to +0.045), a difference"),
        ((99.51, 99.51, 99.51), "+0.010 points for the second reading (95 %, paired: +0.010 to +0.010), a gain."),
        ((99.49, 99.49, 99.49), "-0.010 points for the second reading (95 %, paired: -0.010 to -0.010), a loss."),
    ],
)
def test_the_second_reading_is_paired_with_the_first_of_the_same_seed(twice: tuple[float, ...], told: str) -> None:
    once = [read_once(seed, 99.5) for seed in (1, 2, 3)]
    apart = [read_once(4, 99.0), read_once(1, 98.0, training_images=50_000)]
    said = readings.second_reading([*apart, *once, *seed_runs(6, *twice), *seed_runs(5, 99.3)])
    assert said.startswith("On the test set, 3 seeds, each read") and told in said


def test_without_two_pairs_nothing_is_said_of_the_second_reading() -> None:
    assert readings.second_reading([read_once(1, 99.5), *seed_runs(6, 99.6, 99.7)]) == readings.NOTHING


def test_recipes_that_nobody_published_stand_beside_each_other_the_best_mean_first() -> None:
    beyond = [replace(run, name=f"Beyond, seed {run.config.seed}") for run in seed_runs(6, 99.5, 99.6)]
    told = readings.ahead([*beyond, own_run(1, 99.4, 99.5, 99.5), own_run(2, 99.6, 99.6, 99.7), *seed_runs(5, 99.9)])
    *_, first, second = told.splitlines()
    # 99.6 and 0.1 / sqrt(2) * sqrt(2) = 0.141; the interval of two is 12.706 * 0.1 wide to each side
    assert first == "| mine | 9,426 | float32, compiled engine | 1, 2 | 99.600 ± 0.14 | 98.329 to 100.871 | " + (
        "99.50 to 99.70 | 1 of 2 |"
    )
    assert second.startswith("| Beyond | 9,884 | float32, compiled engine | 1, 2 | 99.550 ± 0.07 |")
    assert "Step 5" not in told


def test_what_a_gpu_trained_or_only_has_the_same_name_is_another_recipe() -> None:
    averaged = own_run(3, 99.1, 99.1, 99.1)
    averaged = replace(averaged, config=replace(averaged.config, weight_averaging=0.9))
    on_gpu = replace(own_run(2, 99.3, 99.3, 99.3), device="cuda")
    lines = readings.ahead([own_run(1, 99.5, 99.5, 99.5), on_gpu, averaged]).splitlines()[2:]
    assert [line.split(" | ")[2:4] for line in lines] == [
        ["float32, compiled engine", "1"],
        ["float32, compiled engine on a GPU", "2"],
        ["float32, compiled engine", "3"],
    ]


@pytest.mark.parametrize(
    "run",
    [
        own_run(1, 99.5, 99.5, 99.5, training_images=50_000),
        own_run(1, 99.5, 99.5, 99.5, evaluate_on="validation"),
        own_run(1, 99.5, 99.5, 99.5, epochs=20),
        own_run(1, 99.5, 99.5, 99.5, network=step(1).config.network),
    ],
    ids=["fewer images", "held-out images", "not to its end", "too large"],
)
def test_what_was_trained_or_read_otherwise_is_no_such_recipe(run: RunSummary) -> None:
    assert readings.ahead([run]) == readings.NOTHING
