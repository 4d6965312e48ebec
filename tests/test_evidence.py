"""What is said of the reference runs follows from the database that ships, whatever it holds."""

from pathlib import Path

import pytest
from summaries import pools, seed_runs

from lab import evidence
from lab.evidence import REFERENCE, final_words, one_seed_words, reached_words, reference_pools, target_words
from lab.seeds import main_pool


def test_the_reference_runs_that_ship_are_pooled_by_step() -> None:
    found = reference_pools()
    assert {pool.terms.step for pool in found} <= set(range(1, 8))
    assert all(pool.terms.as_published and pool.runs for pool in found)
    assert main_pool(found, 5) is not None and main_pool(found, 6) is not None


def test_how_many_seeds_get_there_is_counted() -> None:
    """Of 99.38, 99.40 and 99.41 two are at 99.40 or better; of 99.45 and 99.50 both."""
    found = pools(*seed_runs(5, 99.38, 99.40, 99.41), *seed_runs(6, 99.45, 99.50))
    assert reached_words(found) == (
        "Measured here: 2 of 3 seeds of step 5 and 2 of 2 seeds of Beyond end at 99.40 % or better."
    )
    assert target_words(found[0]) == "2 of 3 at 99.40 % or better"


def test_each_of_the_steps_beyond_is_counted_for_itself() -> None:
    found = pools(*seed_runs(5, 99.40), *seed_runs(6, 99.45), *seed_runs(7, 99.39, 99.45))
    assert reached_words(found) == (
        "Measured here: 1 of 1 seed of step 5, 1 of 1 seed of Beyond and 1 of 2 seeds of Smallest end at 99.40 % or "
        "better."
    )


def test_what_one_seed_says_of_a_step_is_measured_at_that_step() -> None:
    """Of 98.7, 98.8 and 98.9 the standard deviation is 0.10; of one seed there is none."""
    several, one = pools(*seed_runs(2, 98.7, 98.8, 98.9))[0], pools(*seed_runs(1, 99.0))[0]
    assert one_seed_words(several) == (
        "One run with one seed. The final accuracies of 3 seeds measured here have a standard deviation of 0.10 points."
    )
    assert one_seed_words(one) == one_seed_words(None) == "One run with one seed."


def test_without_a_run_nothing_is_claimed() -> None:
    assert reached_words([]) == ""
    assert (
        reached_words(pools(*seed_runs(6, 99.45))) == "Measured here: 1 of 1 seed of Beyond end at 99.40 % or better."
    )
    assert reached_words(pools(*seed_runs(3, 99.45))) == ""


def test_a_mean_carries_its_spread_and_its_count() -> None:
    """99.30 and 99.40: mean 99.35, deviations of 0.05, sd = sqrt(2 * 0.0025 / 1) = 0.0707."""
    (pair,) = pools(*seed_runs(5, 99.30, 99.40))
    assert final_words(pair) == "99.35 ± 0.07 %, 2 seeds"
    (alone,) = pools(*seed_runs(5, 99.30))
    assert final_words(alone) == "99.30 %, 1 seed"


@pytest.mark.parametrize("content", [None, b"no database"], ids=["missing", "damaged"])
def test_a_database_that_cannot_be_read_is_no_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    other = tmp_path / "reference.sqlite3"
    if content is not None:
        other.write_bytes(content)
    monkeypatch.setattr(evidence, "REFERENCE", other)
    assert reference_pools() == ()
    monkeypatch.undo()
    assert evidence.REFERENCE == REFERENCE and reference_pools()
