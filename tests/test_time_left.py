"""The time left follows from the speed of late, and from how many images are still to be read."""

from dataclasses import replace

import pytest
from summaries import epoch, started, window

from lab.config import RunConfig
from lab.events import Event
from lab.steps import step
from lab.time_left import seconds_left

SPEED = 1000.0
"""Images a second; an epoch of 60 iterations of 100 images takes 6 seconds."""


def told() -> list[Event]:
    """Three epochs up to the last evaluation; each of the others took 2 seconds."""
    story: list[Event] = [started(epochs=3, iterations=60, batch=100)]
    for number in (1, 2, 3):
        story += [window(number, 60 * (number - 1) + 10 * part, speed=SPEED) for part in range(1, 7)]
        story.append(epoch(number, seconds=8.0))
    return story[:-1]


@pytest.mark.parametrize(
    ("measured", "last"),
    [
        ({"measure_training": False}, 2.0),
        # 10,000 images and 6,000 training images take 2 seconds; in the end those are read as they are and changed
        ({"measure_training": True}, 2.0 * (10_000 + 2 * 6_000) / (10_000 + 6_000)),
    ],
)
def test_the_last_evaluation_takes_longer_where_all_training_images_are_read(
    measured: dict[str, bool], last: float
) -> None:
    config: RunConfig = replace(step(5).config, epochs=3, training_images=6_000, **measured)  # type: ignore[arg-type]
    assert seconds_left(config, told()) == pytest.approx(last)
    assert seconds_left(config, [*told(), epoch(3)]) == 0
