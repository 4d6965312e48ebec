"""What pages say of a run that changes while it trains."""

import pytest
from summaries import epoch, epochs, started, summary, window

from lab.analysis import RunSummary
from lab.config import EVALUATION_IMAGES, SAMPLE_IMAGES
from lab.events import Epoch
from lab.number_words import unbroken
from lab.standing import (
    about,
    details,
    duration,
    figures,
    hardware,
    moment,
    movement,
    told_aloud,
    waiting_words,
    whereabouts,
)
from lab.steps import step
from lab.timeline import Timeline

CONFIG = step(5).config


def running(*told: Epoch) -> RunSummary:
    return summary(told, status="running", epochs=15)


def test_before_the_first_epoch_its_figures_are_dashes() -> None:
    assert set(figures(running()).values()) == {"–"}


def test_its_figures_are_those_of_its_best_and_its_last_epoch() -> None:
    run = running(epoch(1, 99.5), epoch(2, 99.4, measured=99.0, seconds=63.0))
    assert figures(run) == {
        "best": unbroken("99.50 %"),
        "last": unbroken("99.40 %"),
        "wrong": "60",
        "gap": unbroken("−0.40 points"),
        "epoch-takes": unbroken("1 min 3 s"),
    }


def test_the_details_of_its_scorecard_follow_its_epochs() -> None:
    assert details(running()) == {"check-0": "9,426", "check-1": "no epoch yet"}
    assert details(running(*epochs(99.0, 99.1, 99.2, 99.3)))["check-1"] == unbroken("99.10, 99.20, 99.30 %")


def test_an_epoch_is_said_aloud_once_it_is_done() -> None:
    assert told_aloud(running()) == ""
    assert told_aloud(running(epoch(3, 98.76))) == "Epoch 3 of 15: test accuracy 98.76 %"


def test_it_says_since_when_it_waits_and_then_since_when_and_on_what_it_trains() -> None:
    waiting = summary(status="queued", hardware="", epochs=15)
    assert whereabouts(waiting) == f"run 1, queued {moment(waiting.queued)}"
    training = summary(status="running", epochs=15)
    assert whereabouts(training) == f"run 1, started {moment(training.started or 0)}"
    assert (hardware(waiting), hardware(training)) == ("not known yet", "a CPU, compiled engine")


def test_a_browser_gets_what_it_needs_to_go_on_from_the_newest_event() -> None:
    assert movement(Timeline(), CONFIG, None) is None
    begun = [started(epochs=3, iterations=20, batch=100)]
    assert movement(Timeline.of(begun), CONFIG, None) == {
        "epochs": 3,
        "batches": 20,
        "epoch": 1,
        "batch": 0,
        "images": None,
        "rate": None,
        "left": None,
        "testing": 0,
        "paused": False,
    }
    moves = movement(Timeline.of([*begun, window(1, 10, 500.0)]), CONFIG, 25.0)
    assert moves is not None
    assert (moves["batch"], moves["images"], moves["rate"], moves["left"]) == (10, 500.0, 500.0 / 100, 25.0)
    tested = movement(Timeline.of([*begun, window(1, 20, 500.0)]), CONFIG, 25.0)
    assert tested is not None
    assert (tested["epoch"], tested["batch"], tested["testing"]) == (1, 20, EVALUATION_IMAGES + SAMPLE_IMAGES)


@pytest.mark.parametrize("speed", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_speed_that_is_none_is_not_gone_on_with(speed: float) -> None:
    moves = movement(Timeline.of([started(), window(1, 10, speed)]), CONFIG, None)
    assert moves is not None
    assert (moves["images"], moves["rate"]) == (None, None)


@pytest.mark.parametrize(
    ("before", "seconds", "goes_on", "words"),
    [
        (0, 9.0, False, "Next on cpu, starts in about 9 s"),
        (2, 200.0, False, "2 runs before it on cpu, starts in about 3 min 20 s"),
        (1, None, False, "1 run before it on cpu"),
        (0, 9.0, True, "Next on cpu, continues in about 9 s"),
    ],
)
def test_a_run_that_waits_says_for_whom_and_about_how_long(
    before: int, seconds: float | None, goes_on: bool, words: str
) -> None:
    assert waiting_words("cpu", before, seconds, goes_on) == unbroken(words)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.6, "1 h 0 min"),
        (3900, "1 h 5 min"),
    ],
)
def test_a_duration_is_said_in_two_units_at_most(seconds: float, words: str) -> None:
    assert duration(seconds) == unbroken(words)


@pytest.mark.parametrize(
    ("seconds", "words"), [(9.4, "9 s"), (59.6, "1 min"), (61, "1 min"), (1290, "22 min"), (3900, "1 h 5 min")]
)
def test_what_is_only_foreseen_is_told_in_whole_minutes(seconds: float, words: str) -> None:
    assert about(seconds) == unbroken(words)
