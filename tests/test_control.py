"""A training waits, goes on and stops as it is told, and counts only its own time."""

import itertools

import pytest
from examples import EVERYTHING, epochs_of, facts, kinds, tiny_run
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import control
from lab.control import Command, Control
from lab.events import Window
from lab.mnist import Mnist
from lab.training import train
from lab.training_config import Augmentation


def told(*commands: tuple[int, Command]) -> Control:
    """A control that answers each command so many times, then always "run"."""
    always: itertools.repeat[Command] = itertools.repeat("run")
    answers = itertools.chain(*(itertools.repeat(command, times) for times, command in commands), always)
    return lambda: next(answers)


def test_a_pause_waits_and_then_the_run_is_the_one_that_never_paused(few: Mnist) -> None:
    events = list(train(EVERYTHING, few, control=told((2, "run"), (2, "pause"))))
    assert kinds(events)[:7] == ["started", "window", "window", "paused", "resumed", "window", "epoch"]
    never_paused = epochs_of(train(EVERYTHING, few))
    assert [facts(epoch) for epoch in epochs_of(events)] == [facts(epoch) for epoch in never_paused]


def test_seconds_leave_a_pause_out(few: Mnist) -> None:
    """Paused for 10 polls of 0.05 seconds at least; the epoch takes far less than that without them."""
    events = list(train(tiny_run(epochs=1), few, control=told((1, "run"), (11, "pause"))))
    [epoch] = epochs_of(events)
    assert epoch.seconds < 10 * control.PAUSE_POLL_SECONDS
    assert all(event.images_per_second > 16 / 0.5 for event in events if isinstance(event, Window))


def test_seconds_leave_out_what_who_is_told_takes_to_keep_it(few: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database may be locked for minutes: here whatever is said or asked takes 100 seconds, and nothing else any."""
    clock = Clock()
    monkeypatch.setattr(control, "time", clock)

    def slow() -> Command:
        clock.now += 100
        return "run"

    said = []
    for event in train(EVERYTHING, few, control=slow):
        clock.now += 100
        said.append(event)
    assert [epoch.seconds < 1 for epoch in epochs_of(said)] == [True] * EVERYTHING.epochs
    assert all(event.images_per_second > 1000 for event in said if isinstance(event, Window))


class Clock:
    """One that goes on by a thousandth of a second whenever it is looked at, and else when it is set."""

    now = 0.0

    def perf_counter(self) -> float:
        self.now += 0.001
        return self.now


@pytest.mark.parametrize("asked", range(11))
def test_a_stop_is_obeyed_at_the_next_question_and_is_the_last_word(few: Mnist, asked: int) -> None:
    """In an epoch the control is asked 3 times while training, once in the test, once in measuring (and once more in
    the last epoch, where it is done on turned images too).
    """
    config = tiny_run(epochs=2, augmentation=Augmentation(rotation=7))
    events = list(train(config, few, control=told((asked, "run"), (1, "stop"))))
    windows = ["window"] * 3
    told_before = ["started", *windows, "", "epoch", *windows, "", ""]  # one event an answered question, or none
    assert kinds(events) == [*filter(None, told_before[: 1 + asked]), "stopped"]


def test_a_paused_run_can_be_stopped(few: Mnist) -> None:
    events = kinds(train(tiny_run(), few, control=told((1, "run"), (3, "pause"), (1, "stop"))))
    assert events == ["started", "window", "paused", "stopped"]


def test_a_pause_while_measuring_waits_and_changes_nothing(few: Mnist) -> None:
    """Asked 3 times while training, once in the test, then in measuring."""
    events = list(train(EVERYTHING, few, control=told((4, "run"), (2, "pause"))))
    assert kinds(events)[:7] == ["started", "window", "window", "window", "paused", "resumed", "epoch"]
    never_paused = epochs_of(train(EVERYTHING, few))
    assert [facts(epoch) for epoch in epochs_of(events)] == [facts(epoch) for epoch in never_paused]


@given(st.lists(st.sampled_from(["run", "run", "run", "pause", "stop"]), max_size=12))
@settings(max_examples=20)
def test_whatever_is_commanded_the_events_keep_their_grammar(few: Mnist, commands: list[Command]) -> None:
    """started (window | epoch | paused [resumed])* (finished | stopped), and a pause ends before anything else."""
    said = kinds(train(tiny_run(epochs=2), few, control=told(*((1, command) for command in commands))))
    assert said[0] == "started"
    assert [kind in ("finished", "stopped", "failed") for kind in said] == [False] * (len(said) - 1) + [True]
    for before, after in itertools.pairwise(said):
        assert (before == "paused") <= (after in ("resumed", "stopped"))
        assert (after == "resumed") <= (before == "paused")
    if "stop" not in commands:
        assert said[-1] == "finished"
        assert said.count("paused") == said.count("resumed")
        assert said.count("epoch") == 2
