"""What is said of the reference runs follows from the database that ships, whatever it holds."""

from dataclasses import replace
from pathlib import Path

import pytest
from summaries import pools, seed_runs

from lab import evidence
from lab.evidence import (
    REFERENCE,
    final_words,
    gain_words,
    one_seed_words,
    place_words,
    reached_words,
    reference_pools,
    target_words,
)
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
    assert target_words(found[0]) == "2 of 3 at 99.40 % or better, so 21 to 94 % of all seeds"


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


@pytest.mark.parametrize(
    ("finals", "said"),
    [
        # s = 0.01: one more would end within 4.303 * 0.01 * sqrt(4/3) = 0.0497 of 99.31
        (
            (99.30, 99.31, 99.32),
            "higher than all 3, and outside the range where one more seed would probably end: 99.260 to 99.360 %.",
        ),
        (
            (99.2, 99.4, 99.41),  # s = 0.1185: within 0.5886 of 99.3367
            "higher than 1 of 3 and equal to 1, "
            "and inside the range where one more seed would probably end: 98.748 to 99.925 %.",
        ),
        ((99.4, 99.5), "higher than 0 of 2 and equal to 1."),
        ((99.3,), "higher than 1 of 1."),
    ],
)
def test_the_published_run_has_a_place_among_the_seeds_and_may_be_one_more_of_them(
    finals: tuple[float, ...], said: str
) -> None:
    (found,) = pools(*seed_runs(5, *finals))
    assert place_words(found) == f"The published 99.40 % is {said}"


def test_of_what_nobody_has_published_no_place_is_said() -> None:
    assert place_words(pools(*seed_runs(6, 99.5, 99.6, 99.7))[0]) == ""


def test_what_a_step_gains_on_the_one_before_is_said_with_how_sure_that_is() -> None:
    """Two means 0.3 apart, of three seeds each with s = 0.01: t(4) = 2.776, 2.776 * 0.01 * sqrt(2/3) = 0.0227."""
    before, after = pools(*seed_runs(2, 98.80, 98.81, 98.82), *seed_runs(3, 99.10, 99.11, 99.12))
    assert gain_words(before, after) == "+0.30 points on average (95 %: +0.28 to +0.32)"
    assert gain_words(after, before) == "−0.30 points on average (95 %: −0.32 to −0.28)"
    assert gain_words(before, before) == (
        "0.00 points on average (95 %: −0.02 to +0.02): the seeds do not show a difference"
    )


def test_nothing_is_said_of_a_gain_between_single_seeds_or_other_computations() -> None:
    before, single = pools(*seed_runs(2, 98.80, 98.81), *seed_runs(3, 99.10))
    assert gain_words(before, single) == gain_words(None, before) == gain_words(before, None) == ""
    elsewhere = replace(before, terms=replace(before.terms, precision="bfloat16"))
    assert gain_words(before, elsewhere) == ""


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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    other = tmp_path / "reference.sqlite3"
    if content is not None:
        other.write_bytes(content)
    monkeypatch.setattr(evidence, "REFERENCE", other)
    assert reference_pools() == reference_pools() == ()
    (said,) = caplog.records  # whoever asks again: every page does, whenever it is drawn
    assert said.getMessage().startswith(f"The reference runs cannot be read from {other}, so no page shows them (")
    assert said.exc_info is None
    monkeypatch.undo()
    assert evidence.REFERENCE == REFERENCE and reference_pools()
