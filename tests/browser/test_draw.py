"""The Draw page in a browser: strokes, pictures, and what the keyboard reaches."""

from collections.abc import Callable

from focus import tab_through
from lab_server import LabServer
from playwright.sync_api import Locator, Page, expect

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
