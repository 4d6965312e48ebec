"""The Draw page in a browser: strokes, pictures, and what the keyboard reaches."""

import io
from typing import Any

from browser.board import LAYER_SHOWN, LAYERS, ONE, SEVEN, Tabs, draw, expect_answer, open_board
from browser.focus import tab_through
from browser.proxy import Proxy
from lab_server import LabServer
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

expect.set_options(timeout=90_000)


def test_the_answer_moves_while_the_line_is_drawn_and_the_page_follows_at_its_end(
    server: LabServer, new_tab: Tabs
) -> None:
    page, canvas = open_board(server, new_tab)
    draw(page, canvas, ONE, lifted=False)
    expect_answer(page, "1")
    page.wait_for_function(f"({INK})() > 20")  # the answer may have come at half of the line
    expect(page.locator(".lab-bars-answer")).to_contain_text(" %")
    expect(page.locator(LAYER_SHOWN)).to_have_count(LAYERS)
    expect(page.locator(".stages")).to_have_count(0)
    page.mouse.up()
    expect(page.locator(".stages")).to_contain_text("Centre of mass")


def test_a_drawing_is_read_behind_a_proxy_that_takes_its_prefix_away(proxy: Proxy, new_tab: Tabs) -> None:
    for page_name in ("", "draw"):
        page = new_tab(f"{proxy.address}/{page_name}")
        canvas = page.locator(".lab-board canvas")
        expect(canvas).to_be_visible()
        with page.expect_request("**/reading") as asked:
            draw(page, canvas, SEVEN)
        assert asked.value.url == f"{proxy.address}/reading"
        expect_answer(page, "7")


INK = """() => {
    const canvas = document.querySelector(".lab-received canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
    return data.filter((value, place) => place % 4 === 0 && value > 128).length;
}"""
"""Bright pixels of the picture that the network was given."""


LOWEST_INK = """() => {
    const canvas = document.querySelector(".lab-board canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const white = data.findLastIndex((value, place) => place % 4 === 0 && value > 128);
    return Math.floor(white / 4 / canvas.width) * 280 / canvas.height;
}"""
"""The row in which the lowest ink of the canvas is drawn."""


def test_a_quick_stroke_is_drawn_to_its_end_as_it_is_read(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    for points in ([(140, 50), (140, 230)], [(140, 50), (140, 140), (140, 230)]):
        box = canvas.bounding_box()
        assert box is not None
        for number, (x, y) in enumerate(points):
            page.mouse.move(box["x"] + x, box["y"] + y)  # one step: the browser hears of these points only
            if number == 0:
                page.mouse.down()
        page.wait_for_function(f"({LOWEST_INK})() > 230")  # already before it ends; the pen is 18 wide
        page.mouse.up()
        expect_answer(page, "1")
        draw(page, canvas, [(60, 20), (60, 40)])
        page.keyboard.press("Control+z")
        assert 230 < page.evaluate(LOWEST_INK) < 245  # drawn anew without the other stroke
        page.get_by_role("button", name="Clear").click()


FLICK = """() => {
    const canvas = document.querySelector(".lab-board canvas");
    const { left, top } = canvas.getBoundingClientRect();
    const tell = (kind, turn, more = {}) => canvas.dispatchEvent(pen(kind, turn, more));
    const pen = (kind, turn, more = {}) => new PointerEvent(kind, {
        bubbles: true, cancelable: true, pointerId: 7, pointerType: "pen", buttons: kind === "pointerup" ? 0 : 1,
        clientX: left + 140 + 70 * Math.sin(2 * Math.PI * turn),
        clientY: top + 140 - 90 * Math.cos(2 * Math.PI * turn), ...more,
    });
    tell("pointerdown", 0);
    for (const third of [0, 1, 2]) {  // three frames, each with all places since the one before
        const places = Array.from({ length: 10 }, (_, place) => pen("pointermove", (10 * third + place + 1) / 30));
        tell("pointermove", (third + 1) / 3, { coalescedEvents: places });
    }
    tell("pointerup", 1);
}"""
"""A ring drawn in three frames by a pen that is heard of ten times in each."""


def test_of_a_fast_pen_every_place_is_read_that_the_browser_knows_of(server: LabServer, new_tab: Tabs) -> None:
    page, _ = open_board(server, new_tab)
    questions: list[dict[str, Any]] = []
    page.on("request", lambda asked: questions.append(asked.post_data_json or {}) if "/reading" in asked.url else None)
    page.evaluate(FLICK)
    expect_answer(page, "0")
    (stroke,) = questions[-1]["strokes"]
    assert len(stroke) >= 30


def test_what_is_drawn_outside_the_square_is_not_read(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    draw(page, canvas, ONE)
    expect_answer(page, "1")
    with page.expect_request("**/reading"):
        draw(page, canvas, [(140, 230), (140, 276), (140, 400), (700, 400)])  # its tail is outside, and long
    expect_answer(page, "1")
    expect(page.locator(".lab-answer-odd")).to_be_empty()


def test_strokes_are_undone_and_cleared_and_nothing_is_guessed_without_ink(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    for name in ("Undo", "Clear"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    draw(page, canvas, SEVEN)
    expect_answer(page, "7")
    draw(page, canvas, [(60, 20), (60, 260)])
    expect(page.locator(".lab-answer-odd")).to_contain_text("two parts side by side")
    page.keyboard.press("Control+z")
    expect_answer(page, "7")
    expect(page.locator(".lab-answer-odd")).to_be_empty()
    draw(page, canvas, ONE)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".lab-answer-digit")).to_be_hidden()
    for gone in (".stages", LAYER_SHOWN):
        expect(page.locator(gone)).to_have_count(0)
    assert page.evaluate(INK) == 0
    draw(page, canvas, ONE)
    expect_answer(page, "1")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    expect(page.get_by_text("The answer appears here while you draw.")).to_be_visible()


def test_what_was_cleared_comes_back_until_something_is_drawn(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    undo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    draw(page, canvas, SEVEN)
    expect_answer(page, "7")
    clear.click()
    expect(page.locator(".lab-answer-digit")).to_be_hidden()
    undo.click()
    expect_answer(page, "7")
    clear.click()
    draw(page, canvas, ONE)
    expect_answer(page, "1")
    undo.click()
    expect(undo).to_be_disabled()


def test_a_digit_is_drawn_with_the_keyboard_alone(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    canvas.focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    expect_answer(page, "1")
    expect(page.locator(".stages")).to_have_count(0)  # the pen is still down
    page.keyboard.press("Space")
    expect(page.locator(".stages")).to_contain_text("Centre of mass")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    for key in ("Space", "ArrowUp", "Control+z"):  # also while the pen is down
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0


def test_a_drawing_is_still_there_and_read_when_one_comes_back_to_the_page(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    draw(page, canvas, SEVEN)
    expect(page.locator(".stages")).to_contain_text("Centre of mass")
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect_answer(page, "7")
    assert page.evaluate(INK) > 20
    draw(page, canvas, [(60, 20), (60, 260)])
    expect(page.locator(".lab-answer-odd")).to_contain_text("two parts side by side")


def test_a_drawing_outlives_a_reload_and_one_that_was_cleared_stays_so(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    draw(page, canvas, SEVEN)
    expect(page.locator(".stages")).to_contain_text("Centre of mass")
    page.reload()
    expect_answer(page, "7")
    expect(page.locator(".stages")).to_contain_text("Centre of mass")  # the page knows it, too
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".stages")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("The answer appears here while you draw.")).to_be_visible()
    assert page.evaluate(INK) == 0
    expect(new_tab(f"{server.address}/draw").get_by_role("button", name="Clear")).to_be_disabled()


def test_nothing_moves_aside_when_the_first_answer_comes(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    received = page.locator(".lab-received canvas")
    before = received.bounding_box()
    draw(page, canvas, ONE)
    expect(page.locator(LAYER_SHOWN)).to_have_count(LAYERS)
    assert received.bounding_box() == before


def test_on_a_phone_the_answer_is_in_view_while_a_finger_draws(server: LabServer, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page, canvas = open_board(server, lambda address: _opened(context, address))
    box = canvas.bounding_box()
    assert box is not None
    touch = context.new_cdp_session(page)

    def finger(kind: str, *where: float) -> None:
        points = [{"x": box["x"] + where[0], "y": box["y"] + where[1]}] if where else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", 140, 50)
    for y in range(60, 240, 10):
        finger("touchMove", 140, y)
    expect_answer(page, "1")
    assert (
        page.evaluate("scrollY") == 0 and page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    )
    for seen in (".lab-answer-digit", ".lab-answer-words", ".lab-bars", ".lab-board canvas"):
        expect(page.locator(seen)).to_be_in_viewport(ratio=1)
    finger("touchEnd")
    expect(page.locator(".stages")).to_contain_text("Centre of mass")
    context.close()


def _opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    return page


def test_tab_reaches_nothing_that_cannot_be_seen(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    draw(page, canvas, ONE)
    expect_answer(page, "1")
    reached = tab_through(page)
    assert [focus.name for focus in reached if not focus.is_seen] == []
    for name in ("Network", "The square to draw in", "Removes the last stroke", "Removes all strokes"):
        assert any(name in focus.name for focus in reached), name
    page.get_by_role("radio", name="Picture file").click()
    expect(page.get_by_text("Choose a picture of one digit.")).to_be_visible()
    assert [focus.name for focus in tab_through(page) if not focus.is_seen] == []


def one(name: str) -> FilePayload:
    """A picture file of a 1."""
    picture, file = Image.new("L", (300, 300), 255), io.BytesIO()
    ImageDraw.Draw(picture).line([(150, 50), (150, 250)], fill=0, width=24)
    picture.save(file, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}


def test_a_file_that_is_not_even_sent_takes_the_old_answer_away_and_the_last_one_is_kept_until_removed(
    server: LabServer, new_tab: Tabs
) -> None:
    page, _ = open_board(server, new_tab)
    page.get_by_role("radio", name="Picture file").click()
    files = page.locator("input[type=file]")
    files.set_input_files(one("one.png"))
    expect_answer(page, "1")
    expect(page.locator(".st-key-picture_read img")).to_be_visible()
    files.set_input_files({"name": "huge.png", "mimeType": "image/png", "buffer": bytes(21 * 2**20)})
    expect(page.get_by_text("The file in red was not accepted")).to_be_visible()
    for what in (".lab-answer", ".lab-received", ".stages", ".st-key-picture_read img"):
        expect(page.locator(what)).to_be_hidden()
    files.set_input_files(one("another.png"))
    expect_answer(page, "1")
    expect(page.get_by_text("The file in red was not accepted")).to_be_hidden()
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    page.go_back()
    expect_answer(page, "1")
    expect(page.get_by_text("another.png")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Choose a picture of one digit.")).to_be_visible()
    expect(page.locator(".st-key-picture_read img")).to_have_count(0)
