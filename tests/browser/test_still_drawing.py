"""Nothing moves on a page on which one draws: not when the first answer comes, nor when its words become other ones."""

from collections.abc import Callable, Sequence

import pytest
from browser.board import LAYER_SHOWN, LAYERS, Line, draw
from browser.test_still import LAPTOP, PHONE, TABLET, TOPS, WIDE, assert_still, tops
from lab_server import LabServer
from playwright.sync_api import Page, Route, ViewportSize, expect

from lab.drawing import oddity
from lab.drawing.oddity import BLOT, UNLIKE
from lab.ui.drawing_board import PROMPT

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]
SCREENS = {"phone": PHONE, "tablet": TABLET, "laptop": LAPTOP, "wide": WIDE}
LOOKED_AT = (
    ".lab-board canvas, .lab-board-buttons, .lab-bars, .lab-answer-reader, .lab-received, .lab-layers-head, "
    ".lab-layers, .st-key-who, .lab-strip, [class*=two-sides] [data-testid=stPageLink]"
)
SEVEN: Sequence[Line] = [[(80, 70), (200, 70), (130, 230)]]
TWO: Sequence[Line] = [[(60, 100), (60, 200)], [(200, 100), (200, 200)]]
BLOB: Sequence[Line] = [[(60 + number % 2 * 160, 60 + number * 8) for number in range(22)]]


@pytest.fixture(params=SCREENS.values(), ids=list(SCREENS))
def page(new_tab: Tabs, request: pytest.FixtureRequest) -> Page:
    page = new_tab("about:blank")
    page.set_viewport_size(ViewportSize(width=request.param[0], height=request.param[1]))
    return page


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_text(PROMPT)).to_be_visible()
    if "draw" in address:
        expect(page.locator(".st-key-who [data-testid=stCaptionContainer]")).to_be_visible()
        expect(page.locator(".lab-layers figure")).to_have_count(LAYERS)


def draw_all(page: Page, strokes: Sequence[Line]) -> None:
    canvas = page.locator(".lab-board canvas")
    canvas.scroll_into_view_if_needed()
    width = canvas.evaluate("canvas => canvas.clientWidth")
    for stroke in strokes:
        draw(page, canvas, [(x * width / 280, y * width / 280) for x, y in stroke])


@pytest.mark.parametrize("address", ["", "draw", "draw?present=1"], ids=["start", "draw", "present"])
def test_nothing_moves_whatever_is_drawn(server: LabServer, page: Page, address: str) -> None:
    open_page(page, f"{server.address}/{address}")
    before = tops(page, LOOKED_AT)
    clear = page.get_by_role("button", name="Clear")
    for strokes, said in ((SEVEN, None), (TWO, oddity.TWO), (BLOB, BLOT)):
        draw_all(page, strokes)
        if address:
            expect(page.locator(LAYER_SHOWN)).to_have_count(LAYERS)
            expect(page.locator(".stages")).to_be_visible()
        if said:
            expect(page.locator(".lab-answer-odd")).to_contain_text(said)
        assert_still(before, tops(page, LOOKED_AT))
        clear.click()
        expect(clear).to_be_disabled()
        assert_still(before, tops(page, LOOKED_AT))


REASONS = (
    oddity.DOT,
    oddity.BLOT,
    oddity.SCRIBBLE,
    oddity.TWO,
    oddity.PARTS.format(many="seven"),
    oddity.HOLES.format(many="three"),
    oddity.NESTED,
    oddity.PAIR,
    UNLIKE,
)
ODD = "This does not look like one digit: {}. But the network must choose one."
SAY = """([words, next, odd]) => {
    const say = (what, said) => { document.querySelector(`.lab-answer-${what}`).textContent = said; };
    document.querySelector(".lab-read").dataset.state = odd ? "guess" : "read";
    for (const [what, said] of [["digit", "8"], ["words", words], ["next", next], ["odd", odd]]) say(what, said);
}"""


@pytest.mark.parametrize("name", ["", "draw"], ids=["start", "draw"])
def test_there_is_room_for_every_reason_and_for_a_second_digit(server: LabServer, page: Page, name: str) -> None:
    open_page(page, f"{server.address}/{name}")
    before = tops(page, LOOKED_AT)
    surely = "with a probability of over 99.9 %"
    answers = [(surely, "next: 8, 28.8 %", "")]
    answers += [(f"only a guess, {surely}", "next: 8, 28.8 %", ODD.format(reason)) for reason in REASONS]
    for answer in answers:
        page.evaluate(SAY, answer)
        assert_still(before, page.evaluate(TOPS, LOOKED_AT))


@pytest.mark.parametrize("page", [PHONE, LAPTOP], indirect=True, ids=["phone", "laptop"])
@pytest.mark.parametrize("status", [503, 413], ids=["no answer", "refused"])
def test_nothing_moves_while_one_waits_or_is_told_that_there_is_no_answer(
    server: LabServer, page: Page, status: int, complaints: list[str]
) -> None:
    words = "This is too much for a drawing of a digit: clear it and draw one digit."
    held: list[Route] = []
    open_page(page, f"{server.address}/draw")
    before = tops(page, LOOKED_AT)
    draw_all(page, TWO)
    expect(page.locator(".lab-answer-odd")).to_contain_text(oddity.TWO)
    page.route("**/reading", lambda route: held.append(route))
    draw_all(page, SEVEN)
    expect(page.get_by_text("Waiting for the network to answer.")).to_be_visible()
    assert_still(before, tops(page, LOOKED_AT))
    page.route("**/reading", lambda route: route.fulfill(status=status, body=words, content_type="text/plain"))
    for route in held:
        route.fulfill(status=status, body=words, content_type="text/plain")
    expect(page.locator(".lab-answer-trouble")).to_be_visible()
    assert_still(before, tops(page, LOOKED_AT))
    page.close()
    complaints.clear()  # the browser's own, of answers that are none
