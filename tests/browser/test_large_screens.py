"""On a large screen the square, the answer and the charts use the room; in Present mode too."""

from collections.abc import Callable

import pytest
from app_pages import add_run, epoch
from browser.board import SEVEN, expect_answer
from browser.test_app import train_address
from examples import tiny_run
from lab_server import LabServer
from playwright.sync_api import Locator, Page, ViewportSize, expect

from lab.drawing import SIDE
from lab.events import Finished

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]
LARGE, LAPTOP = ViewportSize(width=1920, height=1080), ViewportSize(width=1280, height=720)
INK_AT = """([x, y]) => {
    const canvas = document.querySelector(".lab-board canvas");
    const at = (place) => Math.round((place / 280) * canvas.width);
    return canvas.getContext("2d").getImageData(at(x), at(y), 1, 1).data[0];
}"""
STROKES = "document.querySelector('.lab-read').board.strokes()"


def side(place: Locator) -> float:
    """How large a square is shown, in pixels of the screen."""
    expect(place).to_be_visible()
    box = place.bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(box["height"], abs=1)
    return box["width"]


def draw_seven(page: Page) -> None:
    """At its places of the square, however large that is."""
    box = page.locator(".lab-board canvas").bounding_box()
    assert box is not None
    times = box["width"] / SIDE
    places = [(box["x"] + times * x, box["y"] + times * y) for x, y in SEVEN]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=12)
    page.mouse.up()


@pytest.mark.parametrize("address", ["", "draw", "?present=1", "draw?present=1"])
def test_the_square_and_what_the_network_receives_are_large_and_what_is_drawn_is_read_as_ever(
    server: LabServer, new_tab: Tabs, address: str
) -> None:
    page = new_tab("about:blank")
    page.set_viewport_size(LARGE)
    page.goto(f"{server.address}/{address}")
    assert side(page.locator(".lab-board canvas")) >= 400
    if address.startswith("draw"):
        assert side(page.locator(".lab-received canvas")) >= 400
    draw_seven(page)
    expect_answer(page, "7")
    (stroke,) = page.evaluate(STROKES)
    for end, told in ((SEVEN[0], stroke[0]), (SEVEN[-1], stroke[-1])):
        assert told == pytest.approx(end, abs=1)
        assert page.evaluate(INK_AT, list(end)) == 255
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_drawing_stays_and_is_drawn_on_when_the_window_becomes_larger(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/draw")
    small = side(page.locator(".lab-board canvas"))
    draw_seven(page)
    expect_answer(page, "7")
    before = page.evaluate(STROKES)
    page.set_viewport_size(LARGE)
    page.wait_for_function("small => document.querySelector('.lab-board canvas').width > 1.4 * small", arg=small)
    assert page.evaluate(STROKES) == before
    assert page.evaluate(INK_AT, list(SEVEN[-1])) == 255
    draw_seven(page)
    assert page.evaluate(STROKES)[1][0] == pytest.approx(SEVEN[0], abs=1)


def test_curves_are_higher_while_the_window_is_large(server: LabServer, new_tab: Tabs) -> None:
    run = add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1), name="a")
    page = new_tab(train_address(server, run))
    assert heights(page) == {"loss": 300, "rate": 190}
    page.set_viewport_size(LARGE)
    page.wait_for_function(f"() => ({HEIGHTS})().loss === 360")  # 300 x 1080 / 900
    assert heights(page)["rate"] == 190  # a strip beside the scorecard stays one
    page.set_viewport_size(LAPTOP)
    page.wait_for_function(f"() => ({HEIGHTS})().loss === 300")


HEIGHTS = """() => Object.fromEntries(["loss", "rate"].map((chart) =>
    [chart, document.querySelector(`.st-key-${chart} .main-svg`).getBoundingClientRect().height]))"""


def heights(page: Page) -> dict[str, float]:
    """Of two charts, in pixels."""
    for chart in ("loss", "rate"):
        expect(page.locator(f".st-key-{chart} .main-svg").first).to_be_visible()
    found: dict[str, float] = page.evaluate(HEIGHTS)
    return found
