"""What is told of a run: each of its events once, and how it stands where that has changed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from app_pages import epoch, started, window
from examples import tiny_run

from lab.config import RunConfig
from lab.events import Event, Finished, Paused, Resumed, Stopped
from lab.number_words import unbroken
from lab.steps import step
from lab.store import Ahead, Kept, Run, Status
from lab.time_left import TRAINING_COSTS
from lab.web.story import Place, Story


def run_of(config: RunConfig, status: Status = "running", **changes: Any) -> Run:
    run = Run(
        id=7,
        uuid="7",
        name="a run",
        config=config,
        status=status,
        command="run",
        reason="",
        hardware="a CPU",
        device="cpu",
        worker="a worker",
        claim=1,
        created=1000.0,
        started=1060.0,
        ended=None,
        resumable=False,
    )
    return replace(run, **changes)


class Told:
    """A story that is told event by event, at noon plus so many seconds."""

    def __init__(self, config: RunConfig) -> None:
        self.run = run_of(config)
        self.now = 100.0
        self.story = Story(self.run, clock=lambda: self.now)
        self._ids = count(1)

    def hear(self, *events: Event, run: Run | None = None, place: Place | None = None) -> dict[str, Any] | None:
        self.run = run or self.run
        kept = [Kept(id=next(self._ids), time=self.now - 0.5, event=event) for event in events]
        message = self.story.hear(self.run, kept, place)
        return None if message is None else json.loads(message)

    def opening(self, cursor: int) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.story.opening(cursor))
        return message


def ids(message: dict[str, Any] | None) -> Sequence[int]:
    assert message is not None
    return [row["id"] for row in message["rows"]]


def test_what_is_new_is_told_once_and_where_nothing_is_nothing_is_said() -> None:
    told = Told(tiny_run())
    assert ids(told.hear(started(tiny_run()), window(1))) == [1, 2]
    assert told.hear() is None
    assert ids(told.hear(window(2))) == [3]


def test_who_begins_to_watch_is_told_how_it_stands_and_the_rows_that_it_does_not_know() -> None:
    told = Told(tiny_run())
    told.hear(started(tiny_run()), window(1), window(2), window(3), epoch(1))
    opening = told.opening(3)
    assert (opening["cursor"], ids(opening)) == (5, [4, 5])
    assert opening["state"] == "running-run-1"
    assert opening["words"]["last"] == unbroken("99.00 %")
    assert opening["aloud"] == "Epoch 1 of 3: test accuracy 99.00 %"
    assert opening["moves"]["age"] == 0.5
    assert ids(told.opening(5)) == []


def test_words_are_told_with_an_epoch_and_not_with_every_window() -> None:
    told = Told(tiny_run())
    told.hear(started(tiny_run()))
    windows = told.hear(window(1), window(2), window(3))
    assert windows is not None and "words" not in windows and "aloud" not in windows
    message = told.hear(epoch(1))
    assert message is not None
    assert message["words"]["last"] == unbroken("99.00 %")


def test_a_resumed_run_says_from_where_on_it_is_told_again() -> None:
    told = Told(tiny_run())
    told.hear(started(tiny_run()), window(1), window(2), window(3), epoch(1), window(4))
    message = told.hear(replace(started(tiny_run()), first_epoch=2), window(4))
    assert message is not None
    assert message["rows"][0] == {"id": 7, "cut": 1.0}
    assert message["rows"][1]["add"]["loss"] == {"train": [[4 / 3, window(4).loss]]}


def test_an_axis_is_told_when_it_changes_without_and_with_the_published_curve() -> None:
    config = step(3).config
    told = Told(config)
    told.hear(started(config))
    assert told.opening(0)["axes"]["accuracy"] == [{"range": [0, 101]}, {"range": [0, 101]}]
    many = 20
    first = told.hear(*(replace(window(number, many), accuracy=99.0, iteration=47 * number) for number in range(1, 21)))
    assert first is not None and "axes" not in first
    message = told.hear(epoch(1, correct=9950))
    assert message is not None
    assert message["axes"]["accuracy"] == [{"range": [97, 100]}, {"range": [97, 100]}]


def test_a_state_and_a_trouble_are_told_when_they_change() -> None:
    told = Told(tiny_run())
    told.hear(started(tiny_run()))
    paused = told.hear(run=replace(told.run, command="pause"))
    assert paused is not None and paused["state"] == "running-pause-1"
    assert json.loads(told.story.trouble("The database is away.") or "")["problem"] == "The database is away."
    assert told.story.trouble("The database is away.") is None
    again = told.hear(run=replace(told.run, command="run"))
    assert again is not None and (again["state"], again["problem"]) == ("running-run-1", "")
    ended = told.hear(Stopped(), run=replace(told.run, status="stopped"))
    assert ended is not None and (ended["state"], ids(ended)) == ("stopped-run-1", [2])
    assert json.loads(told.story.end() or "")["state"] == "gone"


def test_how_long_it_has_trained_since_its_newest_figures_leaves_out_its_pauses() -> None:
    told = Told(tiny_run())  # each event is half a second old when it is told
    told.hear(started(tiny_run()), window(1))
    told.now += 3
    paused = told.hear(Paused())
    assert paused is not None and (paused["moves"]["paused"], paused["moves"]["age"]) == (True, 3.0)
    told.now += 1000
    assert told.opening(0)["moves"]["age"] == 3.0
    resumed = told.hear(Resumed())
    assert resumed is not None and (resumed["moves"]["paused"], resumed["moves"]["age"]) == (False, 3.5)
    told.now += 2
    told.hear(Paused())
    told.now += 1000
    told.hear(Resumed())
    assert told.opening(0)["moves"]["age"] == 3.0 + 2.0 + 0.5
    assert (told.hear(window(2)) or {})["moves"]["age"] == 0.5


def test_a_queued_run_is_another_attempt_than_the_one_before() -> None:
    told = Told(tiny_run())
    message = told.hear(run=replace(told.run, status="queued"))
    assert message is not None and message["state"] == "queued-run-2"


def test_a_waiting_run_says_for_whom() -> None:
    told = Told(tiny_run())
    waiting = replace(told.run, status="queued", started=None)
    place = Place(Ahead(device="cpu", training=1, waiting=(2, 3)), 61.0)
    message = told.hear(run=waiting, place=place)
    assert message is not None and message["waits"] == unbroken("2 runs before it on cpu, starts in about 1 min 1 s")
    assert told.hear(run=waiting, place=place) is None
    begun = told.hear(started(tiny_run()))
    assert begun is not None and begun["waits"] == ""


def test_how_long_until_others_have_had_their_turn_follows_from_its_own_time_left() -> None:
    config = tiny_run(epochs=30, training_images=16 * 60)  # 60 iterations an epoch
    told = Told(config)
    assert told.story.seconds_until(3) is None
    steady = [window(number, of=60) for number in range(1, 61)]  # each 16 images at 480 a second: 2 s together
    told.hear(started(config), *steady, replace(epoch(1), seconds=3.0))
    assert told.story.seconds_until(3) is None  # five seconds of training are not over
    for number in (2, 3):
        told.hear(
            *(window(60 * (number - 1) + one, of=60) for one in range(1, 61)), replace(epoch(number), seconds=3.0)
        )
    left = told.story.seconds_until(0)
    assert left is not None
    assert told.story.seconds_until(27) == 2 * left  # 27 epochs are left of its own


@pytest.mark.parametrize("done", [59, 60])
def test_others_are_waited_for_as_long_as_an_epoch_takes_however_little_its_own_run_has_left(done: int) -> None:
    """Of the last epoch nearly all is trained, or all, and its evaluation is to come. The first was slow, long ago."""
    config = tiny_run(epochs=5, training_images=16 * 60)
    told = Told(config)
    told.hear(started(config))
    for number in (1, 2, 3, 4):  # each 2 s of training and 1 s of evaluation
        windows = [window(60 * (number - 1) + one, of=60) for one in range(1, 61)]
        told.hear(*windows, replace(epoch(number), seconds=30.0 if number == 1 else 3.0))
    told.hear(*(window(240 + one, of=60) for one in range(1, done + 1)))
    own, others = told.story.seconds_until(0), told.story.seconds_until(10)
    assert own is not None and others is not None
    assert others - own == pytest.approx(10 * 3.0, rel=0.1)


@pytest.mark.parametrize("done", [200, 285, 299, 300])
def test_who_waits_for_a_run_of_one_epoch_is_told_the_same_however_little_of_it_is_left(done: int) -> None:
    config = tiny_run(epochs=1, training_images=16 * 300)
    told = Told(config)
    told.hear(started(config), *(window(one, of=300) for one in range(1, done + 1)))
    own, others = told.story.seconds_until(0), told.story.seconds_until(10)
    assert own is not None and others is not None
    an_epoch = 16 * 300 / 480 + config.images_read(1) / (TRAINING_COSTS * 480)  # trained at 480 images a second, read
    assert others - own == pytest.approx(10 * an_epoch, rel=0.02)


def test_numbers_that_no_browser_can_read_are_left_out() -> None:
    told = Told(tiny_run())
    odd = replace(window(1), loss=float("nan"), accuracy=float("inf"), images_per_second=float("nan"))
    message = told.hear(started(tiny_run()), odd, replace(epoch(1), test_loss=float("inf"), seconds=1.0), Finished())
    assert message is not None
    assert message["rows"][1]["add"]["loss"] == {"train": [[1 / 3, None]]}
    assert message["rows"][1]["add"]["accuracy"] == {"train": [[1 / 3, None]]}
    assert message["rows"][2]["add"]["loss"] == {"test": [[1, None]]}


@pytest.mark.parametrize(("hours", "age"), [(-5, 0.0), (5, 60.0)])
def test_a_clock_that_is_set_by_hours_moves_a_bar_by_a_minute_at_most(hours: int, age: float) -> None:
    told = Told(tiny_run())
    told.hear(started(tiny_run()), window(1))
    told.now += 3600 * hours
    assert told.opening(0)["moves"]["age"] == age
