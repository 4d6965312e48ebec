"""What is said of a finished run: its result against the target, and what to do next."""

import math
from dataclasses import replace
from typing import Any

import pytest
from summaries import epochs, seed_run, summary

from lab.config import RunConfig
from lab.ending import ending
from lab.quick import quick
from lab.scorecard import scorecard
from lab.standing import hardware
from lab.steps import step
from lab.training_config import Optimizer


@pytest.mark.parametrize(
    ("final", "told"),
    [
        (99.38, "0.02 points below the target of 99.40 %"),
        (99.40, "exactly the target of 99.40 %"),
        (99.47, "0.07 points above the target of 99.40 %"),
    ],
)
def test_a_result_stands_against_the_target(final: float, told: str) -> None:
    found = ending(seed_run(5, 1, final))
    assert found is not None
    assert found.result == f"Finished: {final:.2f} % of the test images are read correctly, {told}."


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_after_a_step_comes_the_next(number: int) -> None:
    found = ending(seed_run(number, 1, 99.0))
    assert found is not None and found.step == step(number + 1)
    assert found.next.startswith(f"Next: step {number + 1}, ")


def test_after_the_last_step_come_its_mistakes() -> None:
    found = ending(seed_run(7, 1, 99.5))
    assert found is not None and found.step is None
    assert found.next == "Next: see on the Mistakes page which digits it still reads wrongly."


def test_a_quick_run_leads_to_the_whole_one_and_is_not_held_against_the_target() -> None:
    found = ending(summary(epochs(*[97.0] * 5), base=quick(step(3).config)))
    assert found is not None
    assert found.result == "Finished: 97.00 % of the test images are read correctly."
    assert found.next == "Next: train it in full, on all images."
    assert found.whole == step(3).config


def test_the_whole_run_of_settings_of_ones_own_keeps_them() -> None:
    own = replace(step(3).config, optimizer=Optimizer(learning_rate=0.02), seed=4, device="cpu")
    found = ending(summary(epochs(*[97.0] * 5), base=quick(own)))
    assert found is not None and found.whole == replace(own, batch_size=16)


def test_held_out_images_are_named_and_have_no_target() -> None:
    found = ending(summary(epochs(*[99.0] * 15), evaluate_on="validation"))
    assert found is not None and found.result == "Finished: 99.00 % of the validation images are read correctly."


@pytest.mark.parametrize("change", [{"training_images": 30_000}, {"epochs": 2}, {"evaluate_on": "validation"}])
def test_a_result_stands_against_the_target_only_where_the_scorecard_judges_it(change: dict[str, Any]) -> None:
    run = summary(epochs(*[99.0] * change.get("epochs", 15)), **change)
    found = ending(run)
    assert found is not None and "target" not in found.result
    assert [check.state for check in scorecard(run)] == ["met", "not judged"]


def test_settings_of_ones_own_lead_to_a_comparison() -> None:
    found = ending(summary(epochs(*[99.0] * 15), batch_size=7))
    assert found is not None and "compare the two on the Runs page" in found.next


@pytest.mark.parametrize("loss", ["train_loss", "test_loss"])
@pytest.mark.parametrize("base", [step(3).config, quick(step(3).config)], ids=["whole", "quick"])
def test_a_run_that_diverged_is_said_to_need_a_lower_learning_rate(base: RunConfig, loss: str) -> None:
    *first, last = epochs(*[9.8] * 5)
    lost: dict[str, Any] = {loss: math.nan}
    found = ending(summary([*first, replace(last, **lost)], base=base))
    assert found is not None and found.step is None and found.whole is None
    assert "no longer a number" in found.next and "a lower learning rate" in found.next


RATES = [
    (10.0, "try a lower learning rate: the steps use 0.01 to 0.1."),
    (0.05, "try another learning rate, or more epochs."),
    (1e-5, "try a higher learning rate: the steps use 0.01 to 0.1."),
]


@pytest.mark.parametrize(("rate", "helps"), RATES)
@pytest.mark.parametrize("base", [step(3).config, quick(step(3).config)], ids=["whole", "quick"])
def test_a_run_that_guesses_is_told_what_helps_and_not_to_train_it_in_full(
    base: RunConfig, rate: float, helps: str
) -> None:
    found = ending(summary(epochs(97.0, 10.1), base=base, optimizer=Optimizer(learning_rate=rate)))
    assert found is not None and found.step is None and found.whole is None
    assert found.result.startswith("Finished: 10.10 % of the test images are read correctly")
    assert found.next == f"That is guessing: 1 digit in 10 is right by chance. Next: {helps}"


def test_of_another_optimiser_the_rates_of_the_steps_say_nothing() -> None:
    found = ending(summary(epochs(10.1), optimizer=Optimizer(kind="adamw", learning_rate=0.001)))
    assert found is not None and found.next.endswith("Next: try another learning rate, or more epochs.")


@pytest.mark.parametrize("status", ["stopped", "failed", "interrupted"])
def test_a_run_that_ended_early_and_learned_nothing_is_told_what_helps(status: str) -> None:
    guesses = ending(summary(epochs(99.0, 9.8), status, epochs=15, optimizer=Optimizer(learning_rate=10)))
    assert guesses is not None and "try a lower learning rate" in guesses.next
    assert guesses.result == f"{status.capitalize()} after epoch 2: 9.80 % of the test images are read correctly."
    *first, last = epochs(99.0, 9.8)
    lost = summary([*first, replace(last, train_loss=math.nan)], status, epochs=15)
    told = ending(lost)
    assert told is not None and "no longer a number" in told.next
    assert ending(replace(lost, reason="The run has diverged. Try a lower learning rate.")) is None  # said above it


def test_a_run_that_was_stopped_before_its_first_epoch_is_told_what_to_do_next() -> None:
    found = ending(summary(status="stopped"))
    assert found is not None and found.result.startswith("Stopped before its first epoch")
    assert "Resume" in found.next and "another run" in found.next
    assert [ending(summary(status=status)) for status in ("queued", "running", "failed", "interrupted")] == [None] * 4


@pytest.mark.parametrize("status", ["stopped", "failed", "interrupted"])
def test_of_a_run_that_ended_before_its_first_epoch_nothing_is_said_to_come_yet(status: str) -> None:
    ended, trains = (summary(status=now, hardware="") for now in (status, "running"))
    assert ("yet" in scorecard(ended)[1].detail, "yet" in scorecard(trains)[1].detail) == (False, True)
    assert ("yet" in hardware(ended), "yet" in hardware(trains)) == (False, True)


@pytest.mark.parametrize("status", ["running", "paused"])
def test_of_a_run_that_trains_no_end_is_told(status: str) -> None:
    assert ending(summary(epochs(9.8), status, epochs=15)) is None


@pytest.mark.parametrize("status", ["stopped", "failed", "interrupted", "running", "queued"])
def test_nothing_is_said_of_a_run_that_is_not_complete(status: str) -> None:
    assert ending(summary(epochs(99.0), status, epochs=15)) is None
