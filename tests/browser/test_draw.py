"""The Draw page in a browser: strokes, pictures, and what the keyboard reaches."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from browser.focus import tab_through
from browser.proxy import Proxy
from browser.test_app import start
from examples import TINY_NETWORK, wait_until
from lab_server import LabServer
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page, Route, expect

from lab.config import RunConfig
from lab.layers import layer_table
from lab.steps import step
from lab.ui.reader import FOLLOWS

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]
LAYERS = len(layer_table(step(6).config.network))  # of the network that ships
LAYER_SHOWN = ".lab-layers [style*=background-image]"  # without an answer it is dark


def open_board(server: LabServer, new_tab: Tabs) -> tuple[Page, Locator]:
    """The Draw page and its canvas."""
    page = new_tab(f"{server.address}/draw")
    expect(page.get_by_text("The answer appears here while you draw.")).to_be_visible()
    canvas = page.locator(".lab-board canvas")
    expect(canvas).to_be_visible()
    return page, canvas


ONE = [(140, 50), (140, 230)]
SEVEN = [(80, 70), (200, 70), (130, 230)]
Line = Sequence[tuple[float, float]]


def draw(page: Page, canvas: Locator, line: Line, lifted: bool = True) -> None:
    """Draw a line with the mouse; `lifted`: and let go at its end."""
    box = canvas.bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(line):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=1 if number == 0 else 12)
        if number == 0:
            page.mouse.down()
    if lifted:
        page.mouse.up()


def expect_answer(page: Page, digit: str) -> None:
    expect(page.locator(".lab-answer-digit")).to_have_text(digit)
    expect(page.get_by_role("img", name=f"the highest: {digit} with")).to_be_visible()


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


def test_without_the_server_one_sentence_says_so_and_the_next_stroke_tries_again(
    server: LabServer, new_tab: Tabs, complaints: list[str]
) -> None:
    page, canvas = open_board(server, new_tab)
    page.route("**/reading", lambda route: route.abort())
    draw(page, canvas, [(80, 70), (200, 70)])
    expect(page.get_by_role("alert").filter(has_text="The lab does not answer.")).to_be_visible()
    page.unroute("**/reading")
    draw(page, canvas, [(200, 70), (130, 230)])
    expect_answer(page, "7")
    expect(page.get_by_text("The lab does not answer.")).to_be_hidden()
    assert complaints and all("ERR_FAILED" in complaint for complaint in complaints)
    complaints.clear()


def test_an_answer_that_is_late_is_said_to_be_so_and_the_old_one_is_pale(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    draw(page, canvas, SEVEN)
    expect_answer(page, "7")
    held = hold_questions(page)
    draw(page, canvas, [(60, 20), (60, 260)])
    expect(page.get_by_text("Waiting for the network to answer.")).to_be_visible()
    expect(page.locator(".lab-answer-digit")).to_have_css("opacity", "0.35")
    held[0].continue_()
    page.unroute("**/reading")
    expect(page.locator(".lab-answer-odd")).to_contain_text("two parts side by side")
    expect(page.get_by_text("Waiting for the network to answer.")).to_be_hidden()


def test_the_answer_to_a_drawing_that_was_cleared_is_never_shown(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    held = hold_questions(page)
    draw(page, canvas, SEVEN)
    page.get_by_role("button", name="Clear").click()
    draw(page, canvas, ONE)
    with page.expect_request("**/reading"):  # of the one: asked once the seven's answer has come
        held[0].continue_()
    expect(page.locator(".lab-answer-digit")).to_be_hidden()
    page.wait_for_timeout(0)  # the request's own handler
    held[-1].continue_()
    expect_answer(page, "1")


def hold_questions(page: Page) -> list[Route]:
    """From now on no drawing is answered until its question, which is kept here, goes on."""
    held: list[Route] = []
    page.route("**/reading", lambda route: held.append(route))
    return held


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


def test_a_kept_digit_is_read_by_a_run_as_it_trains_from_the_untrained_network_on(
    server: LabServer, new_tab: Tabs
) -> None:
    """Two runs: the second waits for the first, and so is untrained for as long as the test wants."""
    first = start(server)
    quick = step(5).config
    run = server.store.submit(replace(quick, training_images=6000, epochs=1, device="cpu"))
    page, canvas = open_board(server, new_tab)
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name=f"Run {run}").click()
    expect(page.get_by_text("watch its bars change")).to_be_visible()
    draw(page, canvas, ONE)
    reader = page.locator(".lab-answer-reader")
    expect(reader).to_contain_text("untrained")
    assert page.evaluate(HIGHEST) < 0.4
    layers = page.locator(LAYER_SHOWN)
    expect(layers).to_have_count(9)
    untrained = layers.nth(4).evaluate(PICTURE)
    page.evaluate(NOTE_READERS)
    server.store.send(first, "stop")
    expect(reader).to_be_empty()  # it has ended, and the page has been drawn anew for it
    expect(page.get_by_test_id("stCaptionContainer").filter(has_text=f"(run {run}), epoch 1.")).to_be_visible()
    expect_answer(page, "1")
    batches = page.evaluate("window.readers.filter(words => words.includes('epoch 1, batch'))")
    assert len(set(batches)) >= 3
    assert layers.nth(4).evaluate(PICTURE) != untrained


def test_the_page_says_how_the_run_that_reads_stands_by_now(
    server: LabServer, new_tab: Tabs, complaints: list[str]
) -> None:
    first = start(server)
    run = server.store.submit(replace(step(5).config, training_images=6000, epochs=50, device="cpu"))
    waiting = server.store.submit(replace(step(5).config, training_images=6000, epochs=50, device="cpu"))
    page, canvas = open_board(server, new_tab)
    draw(page, canvas, ONE)
    network = page.get_by_role("combobox", name="Network")
    network.click()
    page.get_by_role("option", name=f"Run {run}").click()
    expect(page.get_by_text(FOLLOWS["queued"])).to_be_visible()
    server.store.send(first, "stop")
    expect(page.get_by_text(FOLLOWS["running"])).to_be_visible()
    server.store.send(run, "pause")
    expect(page.get_by_text(FOLLOWS["paused"])).to_be_visible()
    network.click()
    page.get_by_role("option", name=f"Run {waiting}").click()
    expect(page.locator(".lab-answer-reader")).to_contain_text(f"(run {waiting})")
    server.store.delete(waiting)
    expect(page.get_by_text(f"Run {waiting} is no longer here: it was deleted.")).to_be_visible()
    expect(network).to_have_value("Ready-trained network")
    expect_answer(page, "1")
    page.close()  # it may have asked once more before it learned that the run is gone: that is answered, with 404
    assert all("404" in complaint and "/reading" in complaint for complaint in complaints)
    complaints.clear()


HIGHEST = """() => Math.max(...[...document.querySelectorAll(".lab-bars i")].map(
    (bar) => Number(bar.style.transform.match(/[0-9.]+/)[0])))"""
"""The probability of the answer, as it is drawn."""
PICTURE = "picture => picture.style.backgroundImage"
NOTE_READERS = """() => {
    window.readers = [];
    const line = document.querySelector(".lab-answer-reader");
    new MutationObserver(() => window.readers.push(line.textContent)).observe(line, { childList: true });
}"""


def test_the_name_of_a_run_is_shown_as_it_was_typed(server: LabServer, new_tab: Tabs) -> None:
    name = "`5*5 vs 3*3` [seed 2] :rocket: $x$ ~~old~~ <b>lr</b>"
    run = server.store.submit(RunConfig(network=TINY_NETWORK, epochs=1, training_images=200, device="cpu"), name)
    wait_until(lambda: server.store.run(run).status == "finished", seconds=90)
    page, _ = open_board(server, new_tab)
    page.get_by_role("combobox", name="Network").click()
    option = page.get_by_role("option", name="vs")
    expect(option).to_have_text(f"Run {run}: {name}")
    option.click()
    words = page.get_by_test_id("stCaptionContainer").filter(has_text=f"(run {run}), epoch 1.")
    expect(words).to_be_visible()
    assert words.inner_text().replace("\u2060", "") == f"Read by {name} (run {run}), epoch 1."  # a joiner has no width
    expect(page.get_by_role("combobox", name="Network")).to_have_value(f"Run {run}: {name}")
