"""The seeds of one config stand as a group; whatever else differs, or has not ended whole, stands by itself."""

from dataclasses import replace

import pytest
from summaries import epochs, seed_run, seed_runs, summary

from lab.groups import Group, each, grouped
from lab.steps import step


def numbers(groups: list[Group]) -> list[list[int]]:
    return [[run.run for run in group.runs] for group in groups]


def test_runs_that_differ_in_their_seed_only_are_a_group_in_the_order_of_their_seeds() -> None:
    three, one, two = (seed_run(5, seed, 99.4) for seed in (3, 1, 2))
    other = seed_run(4, 1, 99.3)
    assert numbers(grouped([three, other, one, two])) == [[5001, 5002, 5003], [4001]]


@pytest.mark.parametrize(
    "other",
    [
        summary(epochs(98.0, 99.0), run=2, seed=2, batch_size=32),
        summary(epochs(98.0, 99.0), run=2, seed=2, hardware="a CPU, PyTorch engine"),
        summary(epochs(98.0, 99.0), run=2, seed=2, status="stopped"),
        summary(epochs(98.0, 99.0), run=2, seed=2, status="running", epochs=15),
        summary(epochs(98.0, 99.0), run=2, seed=2, evaluate_on="validation"),
        replace(summary(epochs(98.0, 99.0), run=2, seed=2), device="cuda"),
        replace(summary(epochs(98.0, 99.0), run=2), device="cuda"),
        replace(summary(epochs(98.0, 99.0), run=2, seed=2), parent_epoch=1),
    ],
    ids=[
        "another batch size",
        "another engine",
        "stopped",
        "still training",
        "other images",
        "a GPU",
        "a GPU, the same seed",
        "a fork",
    ],
)
def test_what_differs_in_more_than_the_seed_or_is_not_whole_stands_by_itself(other: object) -> None:
    assert numbers(grouped([summary(epochs(98.0, 99.0), run=1), other])) == [[1], [2]]  # type: ignore[list-item]


def test_the_device_that_was_asked_for_makes_no_other_config() -> None:
    one, two = summary(epochs(99.0), run=1), summary(epochs(99.0), run=2, seed=2, device="cpu")
    assert numbers(grouped([one, two])) == [[1, 2]]


def test_a_seed_counts_once_and_who_trains_it_again_stands_by_itself() -> None:
    """It gives the same curve: counted twice, it would make the spread too small and the seeds too many."""
    told = [summary(epochs(99.0), run=number, seed=seed) for number, seed in ((1, 1), (2, 1), (3, 2), (4, 1))]
    assert numbers(grouped(told)) == [[1, 3], [2], [4]]


def test_each_run_can_stand_by_itself() -> None:
    assert numbers(each(seed_runs(5, 99.3, 99.4))) == [[5001], [5002]]


def test_a_group_has_a_mean_and_a_spread_in_every_epoch() -> None:
    (group,) = grouped([summary(epochs(97.0, 99.0), run=1), summary(epochs(98.0, 99.2), run=2, seed=2)])
    first, second = group.means(lambda epoch: epoch.test_accuracy)
    assert first == pytest.approx((1, 97.5, 0.5**0.5))  # both half a point from their mean: sqrt(2 * 0.25 / 1)
    assert second == pytest.approx((2, 99.1, 0.1 * 2**0.5))


def test_the_spread_of_one_run_is_nothing() -> None:
    assert each([summary(epochs(97.0))])[0].means(lambda epoch: epoch.test_accuracy) == [(1, 97.0, 0.0)]


@pytest.mark.parametrize(
    ("count", "label"), [(1, "run 5001"), (3, "runs 5001, 5002, 5003"), (4, "4 seeds from run 5001")]
)
def test_a_group_is_called_by_its_runs_while_they_are_few(count: int, label: str) -> None:
    (group,) = grouped(seed_runs(5, *[99.4] * count))
    assert group.label == label


@pytest.mark.parametrize(("count", "short"), [(1, "run 5001"), (2, "run 5001 +1"), (20, "run 5001 +19")])
def test_where_there_is_little_room_a_group_is_called_by_its_first_run(count: int, short: str) -> None:
    (group,) = grouped(seed_run(5, seed, 99.3) for seed in range(1, count + 1))
    assert group.short == short


def test_a_groups_name_is_its_runs_without_the_seed() -> None:
    runs = [replace(run, name=f"Step 5, seed {run.config.seed}") for run in seed_runs(5, 99.3, 99.4)]
    assert grouped(runs)[0].name == "Step 5"
    assert each(runs)[1].name == "Step 5, seed 2"
    assert step(5).config.seed == 1
