"""Charts as files: what the browser shows, in SVG with its text as text, or in PNG."""

import io
import math
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from PIL import Image
from summaries import epoch, epochs, seed_runs, summary, window

from lab.config import RunConfig
from lab.curves import accuracy_figure, learning_rate_figure, loss_figure
from lab.events import Epoch, Started
from lab.export.pictures import picture
from lab.groups import each, grouped
from lab.overlay import overlay_figure
from lab.published import published_epochs
from lab.steps import step
from lab.timeline import Timeline

CONFIG: RunConfig = step(5).config


def timeline() -> Timeline:
    started = Started(
        device="cpu", device_name="a CPU", engine="PyTorch", parameters=1, first_epoch=1, epochs=15,
        iterations_per_epoch=20, batch_size=100,
    )  # fmt: skip
    return Timeline(started, [window(1, 10), window(1, 20), window(2, 30)], epochs(97.0, 99.0, over=0.5))


def texts(svg: bytes) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("kind", ["svg", "png"])
@pytest.mark.parametrize("what", [loss_figure, accuracy_figure], ids=["loss", "accuracy"])
def test_a_runs_chart_is_a_file_of_its_kind_and_the_same_each_time(what: object, kind: str) -> None:
    figure = what(timeline(), CONFIG, published_epochs(5))  # type: ignore[operator]
    made = picture(figure, kind)  # type: ignore[arg-type]
    assert picture(figure, kind) == made  # type: ignore[arg-type]
    if kind == "png":
        opened = Image.open(io.BytesIO(made))
        assert (opened.format, opened.width) == ("PNG", 1440)
    else:
        assert {"epoch", "train", "train, evaluated", "test", "published test"} <= set(texts(made))


def test_axes_and_labels_are_those_of_the_page() -> None:
    runs = each([summary(epochs(90.0, 99.0, 99.1), run=3), summary(epochs(90.0, 99.0, 99.3), run=8)])
    words = texts(picture(overlay_figure(runs, "accuracy"), "svg"))
    assert {"run 3", "run 8", "run 3: a run", "run 8: a run", "Test accuracy (%)"} <= set(words)
    loss = texts(picture(loss_figure(timeline(), CONFIG), "svg"))
    assert {"0.01", "0.1", "1", "Loss"} <= set(loss)


@pytest.mark.parametrize("count", [1, 2, 3, 15])
def test_an_epoch_is_a_whole_number(count: int) -> None:
    words = texts(picture(overlay_figure(each([summary(epochs(*[99.0] * count))]), "accuracy"), "svg"))
    ticks = words[: words.index("epoch")]
    assert len(ticks) >= 2 and all(tick.isdecimal() for tick in ticks)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("last", [0.0315, 0.09, 4e-5])
def test_the_ticks_of_losses_are_numbers_as_people_write_them(last: float, whole: bool) -> None:
    told = [[epoch(1, test_loss=0.3), epoch(2, test_loss=0.05), epoch(3, test_loss=loss)] for loss in (0.03, last)]
    figure = overlay_figure(each([summary(one, run=run) for run, one in enumerate(told)]), "loss", whole)
    words = texts(picture(figure, "svg"))
    ticks = words[words.index("epoch") + 1 : words.index("Test loss")]
    assert all(float(tick) > 0 and "e+" not in tick for tick in ticks) and len(ticks) >= 2


@pytest.mark.parametrize("what", ["accuracy", "loss"])
@pytest.mark.parametrize("told", [[], [epoch(1, test_loss=math.inf)]], ids=["no epoch", "no finite number"])
def test_a_comparison_with_nothing_to_draw_is_an_empty_chart(told: list[Epoch], what: Any) -> None:
    assert "epoch" in texts(picture(overlay_figure(each([summary(told)]), what), "svg"))


@pytest.mark.parametrize("what", ["accuracy", "loss"])
def test_a_run_that_ended_out_of_the_charts_sight_has_no_label_beside_it(what: Any) -> None:
    """A browser shows none either. Matplotlib would make room for it: all of the picture, with a warning."""
    early = [epoch(1, 10.0, test_loss=2.3)]
    whole = [epoch(number, 99.0 + number / 1000, test_loss=0.03) for number in range(1, 16)]
    figure = overlay_figure(each([summary(early, run=3), summary(whole, run=8), summary(whole, run=9)]), what)
    words = texts(picture(figure, "svg"))
    assert "run 8" in words and "run 3" not in words
    end = "10.00 %" if what == "accuracy" else "2.3000"
    assert f"run 3 (outside, at {end}): a run" in words  # in the legend


@pytest.mark.parametrize("name", ["lr $0.1$ and $x$", "a_b^c", "<b>bold</b> & co", r"\alpha", "%{y}"])
def test_a_name_stands_in_the_picture_as_typed(name: str) -> None:
    words = texts(picture(overlay_figure(each([summary(epochs(99.0), name=name)]), "accuracy"), "svg"))
    assert f"run 1: {name}" in words


@pytest.mark.parametrize("kind", ["svg", "png"])
@pytest.mark.parametrize("name", ["🙂 family", "שלום", "数字", "\ufffe\uffff"], ids=ascii)
def test_a_name_in_letters_that_the_font_lacks_spoils_no_picture_and_nobody_is_warned(name: str, kind: Any) -> None:
    """A warning fails a test."""
    made = picture(overlay_figure(each([summary(epochs(99.0), name=name)]), "accuracy"), kind)
    if kind == "svg":
        assert f"run 1: {name.translate(dict.fromkeys((0xFFFE, 0xFFFF), 0xFFFD))}" in texts(made)


def test_a_group_of_seeds_and_a_plan_can_be_drawn_too() -> None:
    group = texts(picture(overlay_figure(grouped(seed_runs(5, 99.3, 99.4)), "loss"), "svg"))
    assert "runs 5001, 5002: a run" in group
    assert "one deviation" not in group
    assert "so far" not in texts(picture(learning_rate_figure([(0.0, 0.1), (1.0, 0.1)], 1, reached=-1), "svg"))


@pytest.mark.parametrize("length", [20, 60, 120])
def test_a_long_legend_takes_no_room_from_the_curves(length: int) -> None:
    """Were there none left, Matplotlib would warn, which fails a test."""
    runs = each([summary(epochs(90.0, 99.0), run=number, name="n" * length) for number in range(10)])
    few = Image.open(io.BytesIO(picture(overlay_figure(runs[:2], "accuracy"), "png")))
    many = Image.open(io.BytesIO(picture(overlay_figure(runs, "accuracy"), "png")))
    assert many.height > few.height
