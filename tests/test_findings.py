"""What a run shows: each finding by its stated rule, and none without the epochs that it needs."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from summaries import any_epochs, epoch, epochs, summary

from lab.analysis import RunSummary
from lab.events import Epoch, Measured
from lab.findings import GUESSING, Finding, epochs_needed, findings
from lab.number_words import signed
from lab.published import published_epochs
from lab.scorecard import scorecard
from lab.steps import step

SMALL, LARGE = step(5).config, step(1).config


def found(run: RunSummary, about: str) -> Finding:
    (finding,) = [finding for finding in findings(run) if finding.about == about]
    return finding


def topics(run: RunSummary) -> list[str]:
    return [finding.about for finding in findings(run)]


@pytest.mark.parametrize(
    ("base", "accuracy", "sentence"),
    [
        (SMALL, 99.5, "It reaches the target."),
        (LARGE, 99.5, "It is accurate enough, but too large for the target."),
        (SMALL, 99.0, "It is small enough, but not accurate enough for the target."),
        (LARGE, 99.0, "It misses the target in size and in accuracy."),
    ],
)
def test_the_target_is_read_by_size_and_by_accuracy(base: Any, accuracy: float, sentence: str) -> None:
    finding = found(summary(epochs(accuracy, accuracy, accuracy), base=base), "target")
    assert finding.sentence == sentence
    assert f"{accuracy:.2f} %" in finding.rule


# --- enough epochs -----------------------------------------------------------------------------------------------


def test_a_run_that_goes_on_or_has_no_epoch_has_no_findings() -> None:
    assert findings(summary(epochs(99.0, 99.0, 99.0), "running")) == []
    assert findings(summary(epochs(99.0, 99.0, 99.0), "queued")) == []
    assert findings(summary(status="stopped")) == []


@pytest.mark.parametrize(("planned", "needed"), [(1, 3), (3, 3), (5, 3), (7, 4), (15, 8), (30, 15)])
def test_a_verdict_needs_half_of_the_planned_epochs_and_three(planned: int, needed: int) -> None:
    assert epochs_needed(planned) == needed


def test_a_run_stopped_after_5_of_30_epochs_is_neither_steady_nor_does_it_meet_the_target() -> None:
    run = summary(epochs(99.40, 99.40, 99.41, 99.42, 99.42), "stopped", epochs=30)
    assert topics(run) == ["ending", "learning"]
    assert found(run, "ending").sentence.startswith("It was stopped after 5 of 30 epochs")
    assert (
        found(run, "learning").sentence
        == "There are too few epochs to say whether it overfits and whether it is steady."
    )
    assert "here 15. Finished: 5." in found(run, "learning").rule


@pytest.mark.parametrize("count", [1, 2])
def test_a_complete_run_of_one_or_two_epochs_has_too_few_for_a_verdict(count: int) -> None:
    run = summary(epochs(*[99.5] * count))
    assert topics(run) == ["learning"]
    assert "too few epochs" in found(run, "learning").sentence


@pytest.mark.parametrize(
    ("status", "words"), [("stopped", "was stopped"), ("failed", "failed"), ("interrupted", "was interrupted")]
)
def test_a_run_that_ended_early_is_read_as_far_as_it_came_and_says_how_it_ended(status: str, words: str) -> None:
    run = summary(epochs(*[99.0] * 10), status, epochs=15)
    assert topics(run) == ["ending", "overfitting", "course"]
    assert f"It {words} after 10 of 15 epochs" in found(run, "ending").sentence
    assert "so far" in found(run, "overfitting").sentence
    assert found(run, "course").sentence == "Test accuracy was steady until the run ended."


# --- learning ----------------------------------------------------------------------------------------------------


def test_a_network_at_chance_level_did_not_learn_and_nothing_else_is_said_of_it() -> None:
    run = summary([epoch(number, 9.82, 10.1) for number in range(1, 16)])
    assert topics(run) == ["learning", "target"]
    assert found(run, "learning").sentence == "It did not learn: 10 % is guessing."
    assert "9.82 %" in found(run, "learning").rule


def test_a_network_that_guesses_after_its_only_epoch_is_said_to_guess() -> None:
    assert "10 % is guessing" in found(summary(epochs(9.8)), "learning").sentence


def test_a_network_that_ended_at_chance_level_has_lost_what_it_had_learned() -> None:
    run = summary(epochs(95.0, 96.0, 9.8))
    assert found(run, "learning").sentence == "It has lost what it had learned: 10 % is guessing."
    assert "best epoch 96.00 %" in found(run, "learning").rule


@pytest.mark.parametrize("images", ["test", "validation"])
def test_a_network_that_knows_one_image_by_heart_has_learned_nothing_about_others(images: str) -> None:
    run = summary([epoch(n, 10.0, 100.0) for n in (1, 2, 3)], training_images=1, evaluate_on=images)
    assert found(run, "learning").sentence == f"It has learned nothing about {images} images: 10 % is guessing."


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
@pytest.mark.parametrize("which", ["train_loss", "test_loss"])
def test_a_loss_that_is_no_number_is_a_divergence_and_nothing_else_is_said(loss: float, which: str) -> None:
    told = epochs(99.0, 99.0, 99.0)
    changes: dict[str, Any] = {which: loss}
    run = summary([*told[:2], replace(told[2], **changes)])
    assert topics(run) == ["learning"]
    assert found(run, "learning").sentence.startswith("It diverged")


# --- overfitting -------------------------------------------------------------------------------------------------


def test_overfitting_course_and_target_are_found_each_with_its_rule() -> None:
    first, second, _, third = findings(summary(epochs(99.2, 99.2, 99.2)))
    assert "mean of the last 3 epochs" in first.rule
    assert "over 0.38: overfits; over 0.13: overfits a little" in first.rule  # sqrt(2 * 99.2 * 0.8 / 10,000) = 0.126
    assert "Largest fall" in second.rule
    assert "under 10,000" in third.rule
    assert "99.40 %" in third.rule


@pytest.mark.parametrize(
    ("over", "word"),
    [(0.35, "It overfits:"), (0.20, "overfits a little"), (0.05, "does not overfit"), (-1.0, "does not overfit")],
)
def test_a_gap_over_0_30_is_overfitting_and_over_0_10_a_little(over: float, word: str) -> None:
    """Where chance makes smaller ones: sqrt(2 * 99.6 * 0.4 / 10,000) = 0.09."""
    finding = found(summary(epochs(99.6, 99.6, 99.6, over=over)), "overfitting")
    assert word in finding.sentence
    assert f"{signed(over)} points" in finding.rule


@given(st.lists(st.integers(9_800, 10_000), min_size=6, max_size=6))
@example([9927, 9927, 9927, 9959, 9959, 9960])  # 0.323 over 0.319, both of which are shown as 0.32
def test_overfitting_is_judged_by_the_figures_that_its_rule_shows(corrects: list[int]) -> None:
    tests, trains = corrects[:3], corrects[3:]
    told = [
        epoch(number, test / 100, measured=train / 100)
        for number, (test, train) in enumerate(zip(tests, trains, strict=True), 1)
    ]
    finding = found(summary(told), "overfitting")
    gap, clear, slight = re.findall(r"([+−]?\d+\.\d\d)(?: points|: overfits)", finding.rule)
    shown = float(gap.replace("−", "-"))
    assert ("It overfits:" in finding.sentence) == (shown > float(clear))
    assert ("does not overfit" in finding.sentence) == (shown <= float(slight))


def test_overfitting_is_read_from_the_last_three_epochs_only() -> None:
    rows = [epoch(1, 95.0, measured=100.0), *(epoch(number, 99.0, measured=99.0) for number in (2, 3, 4))]
    assert "does not overfit" in found(summary(rows), "overfitting").sentence


def test_where_chance_alone_makes_larger_gaps_a_gap_must_be_larger_to_count() -> None:
    # of 10,000 images read at 80 %: sqrt(80 * 20 / 10,000) = 0.40 points; of 10,000 training images as much; 0.56
    finding = found(summary(epochs(80.0, 80.0, 80.0, over=0.35)), "overfitting")
    assert "does not overfit" in finding.sentence
    assert "over 1.69: overfits; over 0.56: overfits a little" in finding.rule
    assert "Chance alone changes it by about 0.56" in finding.rule


def test_where_training_images_were_not_read_as_test_images_are_overfitting_is_not_judged() -> None:
    """However high the accuracy while training is: it is another measure."""
    for missing in (1, 2, 3):
        told = [epoch(number, 99.0, 100.0, measured=None if number == missing else 99.0) for number in (1, 2, 3)]
        finding = found(summary(told), "overfitting")
        assert (
            finding.sentence == "It is not known whether it overfits: its accuracy on training images was not measured."
        )
        assert "only when both are measured in the same way" in finding.rule


def test_in_the_end_it_says_how_many_training_images_are_read_and_how_many_when_changed() -> None:
    measured = (
        Measured(images=60_000, augmented=False, loss=0.0198, correct=59_670),
        Measured(images=60_000, augmented=True, loss=0.0231, correct=59_598),
    )
    told = epochs(99.2, 99.2, 99.2)
    finding = found(summary([*told[:2], replace(told[2], measured=measured)]), "training")
    assert finding.sentence == (
        "At the end it reads 99.45 % of its 60,000 training images correctly, and 99.33 % when they are changed as in "
        "training."
    )
    assert "59,670 correct, loss 0.0198; with augmentation: 59,598 correct, loss 0.0231." in finding.rule
    plain = summary([*told[:2], replace(told[2], measured=measured[:1])])
    assert found(plain, "training").sentence == "At the end it reads 99.45 % of its 60,000 training images correctly."
    assert "training" not in topics(summary(told, "stopped", epochs=4))


def test_of_a_run_on_held_out_images_nothing_is_called_test() -> None:
    for over in (0.0, 0.2, 0.5):
        for finding in findings(summary(epochs(99.2, 99.2, 99.2, over=over), evaluate_on="validation")):
            assert "test" not in finding.sentence + finding.rule


# --- course ------------------------------------------------------------------------------------------------------

COURSES = {
    "steady": "Test accuracy is steady at the end.",
    "climbs": "Test accuracy was still rising at the end: more epochs may help.",
    "falls": "Test accuracy was falling at the end: it fell twice in a row.",
}


@pytest.mark.parametrize(
    ("tests", "course"),
    [
        ((99.0, 99.1, 99.1), "steady"),
        ((99.1, 99.0, 99.1), "steady"),  # exactly 0.10, whatever 99.1 - 99.0 is in binary
        ((99.5, 90.0, 99.0, 99.0, 99.0, 99.0), "steady"),  # a fall in the first half
        ((99.5, 98.0, 99.0, 99.2, 99.3), "steady"),  # it rises, but not above what it once was
        ((99.2, 99.17, 99.14), "steady"),  # it falls twice in a row, by no more than chance may
        ((98.0, 99.0, 99.5), "climbs"),
        ((95.3, 95.2, 95.6), "climbs"),
        ((99.2, 99.13, 99.06), "falls"),  # 0.14 in two small falls
        ((95.0, 99.0, 98.0, 97.0), "falls"),
    ],
)
def test_the_course_is_steady_rising_or_falling(tests: tuple[float, ...], course: str) -> None:
    assert found(summary(epochs(*tests)), "course").sentence == COURSES[course]


@pytest.mark.parametrize(
    ("tests", "fall"),
    [
        ((99.0, 99.11, 99.0), "0.11"),
        ((90.0, 99.0, 99.5, 99.0, 99.0), "0.50"),  # the last three of five: half of them, rounded up
        ((99.0, 98.8, 99.2), "0.20"),
    ],
)
def test_an_unsteady_course_is_told_with_its_largest_fall(tests: tuple[float, ...], fall: str) -> None:
    course = found(summary(epochs(*tests)), "course").sentence
    assert course == f"Test accuracy goes up and down by up to {fall} points."


@pytest.mark.parametrize(("number", "steady"), [(1, False), (2, False), (3, False), (4, False), (5, True)])
def test_the_rule_calls_published_runs_what_their_published_findings_call_them(number: int, steady: bool) -> None:
    told = [epoch(one.epoch, one.test_accuracy, one.train_accuracy) for one in published_epochs(number)]
    sentence = found(summary(told, base=step(number).config), "course").sentence
    assert (sentence == COURSES["steady"]) is steady
    assert ("goes up and down" in sentence) is not steady


# --- whatever a run did ------------------------------------------------------------------------------------------


@given(
    any_epochs(),
    st.sampled_from(["finished", "stopped", "failed", "interrupted", "running", "queued", "paused"]),
    st.integers(0, 30),
    st.sampled_from(["test", "validation"]),
    st.sampled_from([1, 5_000, 60_000]),
)
def test_no_two_findings_contradict_each_other_and_none_is_made_without_its_ground(
    told: list[Epoch], status: str, more: int, images: str, training: int
) -> None:
    planned = len(told) + (0 if status == "finished" else more)
    run = summary(told, status, epochs=planned, evaluate_on=images, training_images=training)
    said = topics(run)
    assert len(said) == len(set(said))
    assert all(finding.sentence and finding.rule for finding in findings(run))
    if told[-1].test_accuracy <= GUESSING or len(told) < epochs_needed(planned):
        assert not {"overfitting", "course"} & set(said)
    if {"overfitting", "course"} & set(said):
        assert "learning" not in said
    complete = status == "finished" and len(told) >= 3
    assert ("target" in said) <= (complete and images == "test" and training == 60_000)
    meets = "It reaches the target." in [finding.sentence for finding in findings(run)]
    assert meets == (scorecard(run)[1].state == "met" and "learning" not in said)
    assert (said == []) == (status in ("running", "queued", "paused"))
