"""The Draw page in a browser: strokes, pictures, and what the keyboard reaches."""

import io
from collections.abc import Callable

from browser.focus import tab_through
from examples import TINY_NETWORK, wait_until
from lab_server import LabServer
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Locator, Page, expect

from lab.config import RunConfig

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]


def open_board(server: LabServer, new_tab: Tabs) -> tuple[Page, Locator]:
    """The Draw page and its canvas."""
    page = new_tab(f"{server.address}/draw")
    expect(page.get_by_text("The answer appears here, after every stroke.")).to_be_visible()
    canvas = page.locator(".st-key-board canvas").last
    expect(canvas).to_be_visible()
    return page, canvas


def draw_a_one(page: Page, canvas: Locator) -> None:
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 140, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 230, steps=20)
    page.mouse.up()


def test_a_stroke_on_the_canvas_is_read_at_once(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    draw_a_one(page, canvas)
    expect(page.locator(".answer b")).to_have_text("1")
    page.wait_for_function(
        "() => document.querySelector('.st-key-probabilities .js-plotly-plot')?.data[0].x.length === 10"
    )
    expect(page.get_by_text("What the network receives")).to_be_visible()


def test_tab_reaches_nothing_that_cannot_be_seen(server: LabServer, new_tab: Tabs) -> None:
    """The canvas has a toolbar of its own, which the page cuts off; after Undo it is another canvas."""
    page, canvas = open_board(server, new_tab)
    draw_a_one(page, canvas)
    expect(page.locator(".answer b")).to_have_text("1")
    for button in (None, "Undo"):
        if button:
            page.get_by_role("button", name=button).click()
            expect(page.get_by_role("button", name=button)).to_be_disabled()
        page.wait_for_function(TOOLBAR_IS_GONE)
        reached = tab_through(page)
        assert [focus.name for focus in reached if not focus.is_seen] == []
        assert any("Network" in focus.name for focus in reached)
    page.get_by_role("radio", name="Picture file").click()
    expect(page.get_by_text("Choose a picture of one digit.")).to_be_visible()
    assert [focus.name for focus in tab_through(page) if not focus.is_seen] == []


TOOLBAR_IS_GONE = """() => {
    const within = [...document.querySelectorAll(".st-key-board *")].flatMap(({ shadowRoot }) => shadowRoot ?? []);
    const toolbars = within.flatMap(root => [...root.querySelectorAll(".dc-toolbar")]);
    return toolbars.length > 0 && toolbars.every(toolbar => !toolbar.checkVisibility());
}"""


def one(name: str) -> FilePayload:
    """A picture file of a 1."""
    picture, file = Image.new("L", (300, 300), 255), io.BytesIO()
    ImageDraw.Draw(picture).line([(150, 50), (150, 250)], fill=0, width=24)
    picture.save(file, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}


def test_a_file_that_the_browser_does_not_even_send_takes_the_old_answer_away(server: LabServer, new_tab: Tabs) -> None:
    page, _ = open_board(server, new_tab)
    page.get_by_role("radio", name="Picture file").click()
    files = page.locator("input[type=file]")
    files.set_input_files(one("one.png"))
    expect(page.locator(".answer b")).to_have_text("1")
    expect(page.locator(".st-key-picture_read img")).to_be_visible()
    files.set_input_files({"name": "huge.png", "mimeType": "image/png", "buffer": bytes(21 * 2**20)})
    expect(page.get_by_text("The file in red was not taken")).to_be_visible()
    for what in (".answer", ".received", ".stages", ".st-key-picture_read img", ".st-key-probabilities"):
        expect(page.locator(what)).to_be_hidden()
    files.set_input_files(one("another.png"))
    expect(page.locator(".answer b")).to_be_visible()
    expect(page.get_by_text("The file in red was not taken")).to_be_hidden()


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
