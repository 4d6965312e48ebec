"""Seeds are pooled on equal terms, and the published run has its place among them."""

from dataclasses import replace

import pytest
from summaries import epochs, summary

from lab.analysis import RunSummary
from lab.seeds import Pool, counted, main_pool, pool_seeds
from lab.steps import step

ENDS = (99.26, 99.22, 99.36, 99.35, 99.40)


def run(seed: int, *last: float, number: int = 5, hardware: str = "a CPU, compiled engine") -> RunSummary:
    told = epochs(*[98.0] * (15 - len(last)), *last)
    return summary(told, run=100 * number + seed, base=step(number).config, seed=seed, hardware=hardware)


def pool(*finals: float, number: int = 5) -> Pool:
    (found,) = pool_seeds(counted(run(seed, final, number=number) for seed, final in enumerate(finals, start=1)))
    return found


def test_a_pool_has_the_figures_of_its_seeds() -> None:
    found = pool(*ENDS)
    assert found.seeds == (1, 2, 3, 4, 5)
    assert found.finals == ENDS
    assert found.final_mean == pytest.approx(99.318)
    # s = 0.0750; t(4) = 2.776: 0.0931 around the mean, 0.2280 for one more seed
    assert found.final_spread == pytest.approx(0.0750, abs=1e-4)
    assert found.mean_interval == pytest.approx((99.2249, 99.4111), abs=1e-3)
    assert found.next_interval == pytest.approx((99.0900, 99.5460), abs=1e-3)


def test_the_published_run_stands_where_it_stands_among_the_seeds() -> None:
    found = pool(*ENDS).published_place
    assert found is not None
    assert (found.below, found.equal, found.above, found.percentile) == (4, 1, 0, 90)
    assert pool(*ENDS, number=6).published_place is None


def test_so_many_seeds_end_at_the_target_and_so_many_hold_it() -> None:
    found = pool_seeds(counted([run(1, 99.4, 99.4, 99.4), run(2, 99.39, 99.5, 99.4), run(3, 99.5, 99.5, 99.39)]))[0]
    assert (found.reached_target, found.held_target) == (2, 1)
    assert found.reached_share == pytest.approx((0.2077, 0.9385), abs=1e-3)


@pytest.mark.parametrize(
    ("finals", "reproduced"),
    [
        ((99.2, 99.3, 99.4), True),
        ((99.30, 99.31, 99.32), False),
        ((99.40, 99.40, 99.40), True),
        ((99.33, 99.35, 99.34), False),  # 99.34 + 0.0497 = 99.3897, which is not 99.40
        ((99.346, 99.356, 99.336), False),  # 99.346 + 0.0497 = 99.3957, which is 99.40 only when it is rounded
        ((99.4, 99.4), None),
        ((99.4,), None),
    ],
)
def test_the_published_run_is_reproduced_where_it_can_be_one_more_seed(
    finals: tuple[float, ...], reproduced: bool | None
) -> None:
    # s = 0.01 of three seeds: one more would end within 4.303 * 0.01 * sqrt(4/3) = 0.0497 of 99.31
    assert pool(*finals).reproduces is reproduced


@pytest.mark.parametrize("status", ["stopped", "running", "failed"])
def test_only_runs_that_have_finished_all_their_epochs_count(status: str) -> None:
    assert counted([replace(run(1, 99.4), status=status), run(2, 99.3)]) == counted([run(2, 99.3)]) != []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_runs_with_one_seed_the_newest_counts(order: tuple[int, int]) -> None:
    both = (replace(run(1, 99.2), run=7), replace(run(1, 99.4), run=8))
    assert [found.run for _, found in counted(both[place] for place in order)] == [8]


def test_nothing_is_reproduced_where_nothing_is_published() -> None:
    assert pool(99.4, 99.5, 99.6, number=6).reproduces is None


def test_what_is_said_of_a_step_follows_from_its_largest_pool_in_float32() -> None:
    runs = [run(seed, 99.0, hardware="a CPU, PyTorch engine") for seed in (1, 2, 3)]
    runs += [run(seed + 10, 99.3) for seed in (1, 2)]
    pools = pool_seeds(counted(runs))
    found = main_pool(pools, 5)
    assert found is not None and found.terms.engine == "PyTorch" and found.seeds == (1, 2, 3)
    assert main_pool(pools, 4) is None


@pytest.mark.parametrize("devices", [["cpu", "cuda"], ["cuda", "cpu"]])
def test_what_a_gpu_has_trained_is_a_pool_of_its_own_behind_as_many_seeds_of_a_cpu(devices: list[str]) -> None:
    runs = [replace(run(seed, 99.0, hardware="PyTorch engine"), device=device) for seed, device in enumerate(devices)]
    here, there = pool_seeds(counted(runs))
    assert (here.terms.computed, here.seeds) == ("float32, PyTorch engine", (devices.index("cpu"),))
    assert (there.terms.computed, there.seeds) == ("float32, PyTorch engine on a GPU", (devices.index("cuda"),))
