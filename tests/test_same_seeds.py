"""The same seeds computed otherwise: what is told of them follows from their accuracies, seed by seed."""

from pathlib import Path

import pytest
from summaries import pools, seed_runs

from benchmarks.same_seeds import EARLIER, IN_BFLOAT16, NOTHING, OtherRun, kept, precisions, processors
from lab.evidence import opened
from lab.intervals import mean_interval, next_interval
from lab.report import summaries
from lab.seeds import counted, main_pool, pool_seeds, published_final
from lab.steps import step

ROOT = Path(__file__).parent.parent


def others(number: int, *correct: int) -> list[OtherRun]:
    """Runs with seeds from 1 on."""
    return [
        OtherRun(step=number, seed=seed, test_correct=right, hardware="Intel Xeon", commit="8112d76")
        for seed, right in enumerate(correct, 1)
    ]


def test_only_seeds_that_both_have_are_compared() -> None:
    told = processors(pools(*seed_runs(3, 99.20, 99.30, 99.90)), others(3, 9910, 9930))
    # differences 0.10 and 0: mean 0.05, sd 0.0707, error 0.0707 / sqrt(2) = 0.05; the third seed is alone
    assert told.splitlines()[-1] == "| 3 | 2 | 99.200 ± 0.141 | 99.250 ± 0.071 | +0.050 ± 0.050 |"


def test_a_single_seed_has_neither_spread_nor_error() -> None:
    told = processors(pools(*seed_runs(1, 99.03)), others(1, 9901))
    assert told.splitlines()[-1] == "| 1 | 1 | 99.01 | 99.03 | +0.020 |"


def test_the_runs_of_step_5_are_also_told_together() -> None:
    told = processors(pools(*seed_runs(5, 99.40, 99.20)), others(5, 9939, 9941))
    assert told.splitlines()[-1] == (
        "Of the 4 runs of step 5 together 2 end at 99.40 % or better, and their mean is 99.350 %."
    )


def test_without_a_seed_in_common_nothing_is_compared() -> None:
    assert processors(pools(*seed_runs(2, 98.8)), []) == processors([], others(2, 9880)) == NOTHING


def test_what_the_report_says_of_the_edges_is_true_of_the_earlier_runs() -> None:
    finals = {number: [run.final for run in kept(EARLIER) if run.step == number] for number in (3, 5)}
    interval = next_interval(finals[5])
    assert interval is not None and 99.40 - interval[1] == pytest.approx(0.002, abs=0.0005)
    published, mean = published_final(3), mean_interval(finals[3])
    assert published is not None and mean is not None and published > mean[1]  # better than an average run


def test_of_seeds_in_bfloat16_the_difference_is_taken_to_float32() -> None:
    told = precisions(pools(*seed_runs(5, 99.20, 99.30)), others(5, 9921, 9934))
    # differences 0.01 and 0.04: mean 0.025, sd 0.0212, error 0.0212 / sqrt(2) = 0.015
    assert told.splitlines()[-1] == "| 5 | 2 | 99.250 ± 0.071 | 99.275 ± 0.092 | +0.025 ± 0.015 |"


def test_the_runs_in_bfloat16_are_twenty_seeds_of_the_compiled_engine() -> None:
    runs = kept(IN_BFLOAT16)
    assert sorted((run.step, run.seed) for run in runs) == [(5, seed) for seed in range(1, 21)]
    assert all("compiled engine" in run.hardware for run in runs)


def test_what_is_said_of_bfloat16_is_true_of_its_seeds() -> None:
    with opened() as store:
        found = pool_seeds(counted(summaries(store)))
    _, seeds, _, _, difference = precisions(found, kept(IN_BFLOAT16)).splitlines()[-1].strip("| ").split(" | ")
    text = " ".join((ROOT / "docs" / "performance.md").read_text(encoding="utf-8").split())
    assert seeds == "20" and f"twenty pairs of seeds differ by {difference} points" in text
    mean, error = map(float, difference.split(" ± "))
    assert mean - 2.1 * error > -0.02  # no loss of more than 0.02: Student's t for twenty pairs, 95 %


def test_the_earlier_runs_are_of_the_seeds_of_the_reference_runs() -> None:
    with opened() as store:
        found = pool_seeds(counted(summaries(store)))
    for number in range(1, 6):
        pool = main_pool(found, number)
        seeds = {run.seed for run in kept(EARLIER) if run.step == number}
        assert pool is not None and seeds and seeds <= set(pool.seeds), step(number).name
