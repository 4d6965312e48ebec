"""A chart that grew event by event holds what a chart that is drawn at once holds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from summaries import any_epochs, epoch, losses, percentages, started, window

from lab.config import RunConfig
from lab.curves import accuracy_figure, learning_rate_figure, loss_figure
from lab.events import KINDS, Epoch, Event, Failed, Finished, Paused, Resumed, Started, Stopped, Window
from lab.growth import added, reached
from lab.schedule import planned_learning_rates
from lab.steps import step
from lab.timeline import Timeline

Curves = dict[tuple[str, str], list[tuple[float, float | None]]]


def of(epochs: int, **changes: Any) -> RunConfig:
    """20 iterations an epoch."""
    return replace(step(5).config, epochs=epochs, batch_size=100, training_images=2000, **changes)


def test_an_accuracy_that_is_no_number_is_a_gap() -> None:
    """Else the message that carries it would be no JSON."""
    told = added(window(1, 10, accuracy=float("nan")), of(3), [], 0)
    assert told["accuracy"] == {"train": [(0.5, None)]}


def grown(events: Sequence[Event], config: RunConfig) -> Curves:
    """The curves of a page that was open from the beginning on."""
    planned = planned_learning_rates(config)
    since = 0.0
    curves: Curves = {("rate", "so far"): [*planned[:1]]}  # where a run stands before it has begun
    for event in events:
        if isinstance(event, Started):
            since = event.first_epoch - 1.0
            curves = {key: [point for point in points if point[0] <= since] for key, points in curves.items()}
        for chart, lines in added(event, config, planned, since).items():
            for name, points in lines.items():
                curves.setdefault((chart, name), []).extend(points)
        if isinstance(event, Window):
            since = reached(event, config)
    return {key: points for key, points in curves.items() if points}


def drawn(events: Sequence[Event], config: RunConfig) -> Curves:
    """The curves of a page that is opened now; of the learning rate only what grows."""
    timeline = Timeline.of(events)
    place = timeline.position(timeline.windows[-1]) if timeline.windows else 0
    figures = {
        "loss": loss_figure(timeline, config),
        "accuracy": accuracy_figure(timeline, config),
        "rate": learning_rate_figure(planned_learning_rates(config), config.epochs, place),
    }
    return {
        (chart, trace["name"]): list(zip(trace["x"], trace["y"], strict=True))
        for chart, figure in figures.items()
        for trace in figure["data"]
        if trace["name"] != "planned" and trace["x"]
    }


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """What a run of at most five epochs may say, of any loss and accuracy, interrupted and resumed or not."""
    told = draw(any_epochs(5))
    events: list[Event] = [started(epochs=len(told))]
    for one in told:
        ends = sorted({20, *draw(st.sets(st.integers(1, 20), max_size=5))})  # every epoch ends with a window
        events += [
            window(one.epoch, 20 * (one.epoch - 1) + end, loss=draw(losses), accuracy=draw(percentages)) for end in ends
        ]
        if draw(st.booleans()):
            again = [window(one.epoch, 20 * (one.epoch - 1) + end) for end in ends]
            events += [started(first_epoch=one.epoch, epochs=len(told)), *again]
        events.append(one)
    return events[: draw(st.integers(1, len(events)))]


@given(stories(), st.sampled_from(["test", "validation"]))
def test_what_has_grown_is_what_would_be_drawn(story: list[Event], evaluated: str) -> None:
    config = of(5, evaluate_on=evaluated)
    assert grown(story, config) == drawn(story, config)


@pytest.mark.parametrize(
    "event", [started(), Paused(), Resumed(), Finished(), Stopped(), Failed(reason="It cannot go on.")]
)
def test_an_event_that_no_chart_shows_adds_nothing(event: Event) -> None:
    assert added(event, of(3), [(0.0, 0.1)], 0.0) == {}


def test_every_kind_of_event_is_thought_of() -> None:
    assert set(KINDS.values()) == {Started, Window, Epoch, Paused, Resumed, Finished, Stopped, Failed}


def test_a_window_adds_to_every_chart_and_an_epoch_to_those_that_have_its_curve() -> None:
    config = of(3)
    rates = [(0.0, 0.1), (0.25, 0.2), (0.5, 0.3), (0.75, 0.4)]
    assert added(window(1, 10, loss=0.5, accuracy=80.0), config, rates, 0.0) == {
        "loss": {"train": [(0.5, 0.5)]},
        "accuracy": {"train": [(0.5, 80.0)]},
        "rate": {"so far": [(0.25, 0.2), (0.5, 0.3)]},
    }
    assert added(epoch(2, 99.0, test_loss=0.03), config, rates, 1.0) == {
        "loss": {"test": [(2, 0.03)]},
        "accuracy": {"test": [(2, 99.0)]},
    }
