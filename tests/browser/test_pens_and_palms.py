"""The canvas under real hands: a pen and the palm beside it, two fingers, another zoom while one draws."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from browser.board import SEVEN, Line, draw, expect_answer, open_board
from lab_server import LabServer
from playwright.sync_api import Browser, CDPSession, Page, expect

expect.set_options(timeout=90_000)
PALM = (240, 250)
ZOOMED = """() => {
    Object.defineProperty(window, "devicePixelRatio", { get: () => 2 });
    document.querySelector(".lab-read").board.fitPixels();
}"""
"""What happens when the browser tells of another zoom."""
IPAD = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15"
"""As which signature_pad hears of fingers by touch events."""
STROKES = """() => document.querySelector(".lab-read").board.pad.toData().length"""


@dataclass
class Hands:
    """A tablet's pen and fingers on the Draw page's canvas; places in pixels of the canvas."""

    page: Page
    events: CDPSession
    left: float
    top: float

    def touch(self, kind: str, *fingers: tuple[float, float], first: int = 0) -> None:
        """What these fingers do, numbered from `first` on; a touchEnd lifts them, or all where none is named."""
        numbered = enumerate(fingers, start=first)
        points = [{"x": self.left + x, "y": self.top + y, "id": number} for number, (x, y) in numbered]
        self.events.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def pen(self, kind: str, place: tuple[float, float], is_down: bool = True) -> None:
        x, y = self.left + place[0], self.top + place[1]
        told: dict[str, Any] = {"type": kind, "x": x, "y": y, "pointerType": "pen", "force": 0.4 * is_down}
        told |= {"button": "left" if is_down or kind == "mouseReleased" else "none", "buttons": int(is_down)}
        self.events.send("Input.dispatchMouseEvent", told | {"clickCount": 1})

    def write(self, line: Line) -> None:
        """A stroke of the pen."""
        self.pen("mousePressed", line[0])
        for (x, y), (to_x, to_y) in pairwise(line):
            for part in range(1, 13):
                self.pen("mouseMoved", (x + (to_x - x) * part / 12, y + (to_y - y) * part / 12))
        self.pen("mouseReleased", line[-1], is_down=False)

    def strokes(self) -> int:
        return int(self.page.evaluate(STROKES))


@pytest.fixture
def hands(server: LabServer, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Hands]:
    agent = getattr(request, "param", None)
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True, user_agent=agent)
    page, canvas = open_board(server, lambda address: _opened(context.new_page(), address))
    box = canvas.bounding_box()
    assert box is not None
    yield Hands(page, context.new_cdp_session(page), box["x"], box["y"])
    context.close()


def _opened(page: Page, address: str) -> Page:
    page.goto(address)
    return page


def rest_and_write(hands: Hands) -> None:
    """The palm comes down, as it does before the pen."""
    hands.touch("touchStart", PALM)
    hands.touch("touchMove", (PALM[0] - 9, PALM[1]))
    hands.write(SEVEN)
    hands.touch("touchEnd")


def hover_rest_and_write(hands: Hands) -> None:
    """The pen is heard of before it comes down, as many are."""
    hands.pen("mouseMoved", SEVEN[0], is_down=False)
    rest_and_write(hands)


def write_and_rest(hands: Hands) -> None:
    """The palm comes down after a stroke, and stays for the next."""
    hands.write(SEVEN[:2])
    hands.touch("touchStart", PALM)
    hands.write(SEVEN[1:])
    hands.touch("touchEnd")


@pytest.mark.parametrize(
    ("act", "strokes"),
    [(rest_and_write, 1), (hover_rest_and_write, 1), (write_and_rest, 2)],
    ids=["rests", "hovers", "writes"],
)
def test_the_pen_draws_and_the_palm_beside_it_does_not(
    hands: Hands, act: Callable[[Hands], None], strokes: int
) -> None:
    act(hands)
    expect_answer(hands.page, "7")
    assert hands.strokes() == strokes
    expect(hands.page.locator(".lab-answer-odd")).to_be_empty()


def test_a_touch_that_the_system_calls_off_leaves_nothing(hands: Hands) -> None:
    hands.touch("touchStart", PALM)
    hands.touch("touchMove", (PALM[0] - 30, PALM[1]))
    assert hands.strokes() == 1
    hands.touch("touchCancel")
    expect(hands.page.get_by_role("button", name="Undo")).to_be_disabled()
    assert hands.strokes() == 0


@pytest.mark.parametrize("hands", [None, IPAD], indirect=True, ids=["tablet", "iPad"])
def test_a_second_finger_draws_nothing_and_the_next_stroke_is_taken(hands: Hands) -> None:
    hands.touch("touchStart", (60, 60))
    hands.touch("touchStart", (60, 60), (30, 250))
    for part in range(10):
        hands.touch("touchMove", (60 + 10 * part, 60), (30 + 10 * part, 250))
    hands.touch("touchEnd", (130, 250), first=1)
    hands.touch("touchMove", (160, 250), first=1)
    hands.touch("touchEnd")
    hands.touch("touchStart", (200, 100))
    hands.touch("touchMove", (200, 160))
    hands.touch("touchEnd")
    assert hands.strokes() == 2
    lowest = hands.page.evaluate(
        "Math.max(...document.querySelector('.lab-read').board.pad.toData().flatMap(s => s.points.map(p => p.y)))"
    )
    assert lowest < 200


@pytest.mark.parametrize("hands", [None, IPAD], indirect=True, ids=["tablet", "iPad"])
@pytest.mark.parametrize("other", [(30, 250), (30, 900)], ids=["in the square", "beside it"])
def test_a_stroke_follows_the_finger_that_began_it_to_where_that_is_lifted(
    hands: Hands, other: tuple[float, float]
) -> None:
    """Another one comes, moves and goes meanwhile; it comes again, and stays when the stroke has ended."""
    hands.touch("touchStart", SEVEN[0])
    hands.touch("touchStart", other, first=1)
    hands.touch("touchMove", (other[0] + 20, other[1]), first=1)
    hands.touch("touchMove", SEVEN[1], (other[0] + 40, other[1]))
    hands.touch("touchEnd", other, first=1)
    hands.touch("touchMove", SEVEN[2])
    hands.touch("touchStart", other, first=1)
    hands.touch("touchEnd", SEVEN[2])
    hands.touch("touchMove", (other[0] + 80, other[1]), first=1)
    hands.touch("touchEnd")
    assert hands.strokes() == 1
    drawn = hands.page.evaluate("document.querySelector('.lab-read').board.strokes()[0]")
    assert drawn == [[pytest.approx(one, abs=1) for one in place] for place in SEVEN]


def test_another_zoom_while_one_draws_ends_no_stroke_and_the_board_goes_on(
    server: LabServer, new_tab: Callable[[str], Page]
) -> None:
    page, canvas = open_board(server, new_tab)
    draw(page, canvas, SEVEN[:2], lifted=False)
    page.evaluate(ZOOMED)
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + SEVEN[2][0], box["y"] + SEVEN[2][1], steps=12)
    page.mouse.up()
    expect_answer(page, "7")
    draw(page, canvas, [(60, 20), (60, 260)])
    expect(page.locator(".lab-answer-odd")).to_contain_text("two parts side by side")
    assert canvas.evaluate("canvas => canvas.width") == 560
