"""What a person has set on a page is there when it was left and is come back to."""

from collections.abc import Callable

import pytest
from app_pages import add_run, epoch
from browser.curves import limits, until_whole, zoom_into
from examples import tiny_run
from lab_server import LabServer
from playwright.sync_api import Browser, Page, expect

from lab.events import Finished, Stopped

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]
HEAD = 17
"""Pixels down to the middle of the table's head."""


def ended(server: LabServer, *corrects: int, name: str = "", ending: type = Finished) -> int:
    """A run that nobody trained, with these test images right after each epoch."""
    told = [epoch(number, correct) for number, correct in enumerate(corrects, start=1)]
    return add_run(server.store, *told, ending(), config=tiny_run(epochs=len(corrects)), name=name)


def leave_and_come_back(page: Page, title: str) -> None:
    """By the menu, to Steps and back."""
    page.get_by_role("link", name="Steps", exact=True).click()
    expect(page.get_by_role("heading", name="Five steps")).to_be_visible()
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


# --- the order of the runs -----------------------------------------------------------------------------------------


def order_by_name(page: Page) -> None:
    """A click on the head of the column of names."""
    canvas = page.locator("[data-testid=stDataFrame] canvas").first
    canvas.click(position={"x": 150, "y": HEAD}, force=True)  # a scroller lies over it


def expect_names(page: Page, head: str, names: list[str]) -> None:
    """Wait until the column of names stands under this head, in this order."""
    table = page.locator("[data-testid=stDataFrame] canvas")
    expect(table.locator("th").filter(has_text="Name")).to_have_text([head])
    expect(table.locator("tbody td[aria-colindex='2']")).to_have_text(names)


def until_told(page: Page, order: str) -> None:
    """Wait until the session has been told this order, and has drawn the page for it."""
    expect(page.locator(f".st-key-table_order [data-told='{order}']")).to_be_attached()
    expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")


def test_the_table_is_ordered_as_it_was_left_and_can_be_ordered_anew(server: LabServer, new_tab: Tabs) -> None:
    for name in ("b", "c", "a"):
        ended(server, 9900, name=name, ending=Stopped)
    page = new_tab(f"{server.address}/runs")
    expect_names(page, "Name", ["a", "c", "b"])  # the newest first
    for head, names in (("↑ Name", ["a", "b", "c"]), ("↓ Name", ["c", "b", "a"])):
        order_by_name(page)
        expect_names(page, head, names)
    until_told(page, "↓ Name")
    leave_and_come_back(page, "Runs")
    expect_names(page, "↓ Name", ["c", "b", "a"])
    ended(server, 9900, name="bb", ending=Stopped)  # which has the page drawn anew by itself
    expect_names(page, "↓ Name", ["c", "bb", "b", "a"])
    after = (("Name", ["bb", "a", "c", "b"]), ("↑ Name", ["a", "b", "bb", "c"]), ("↓ Name", ["c", "bb", "b", "a"]))
    for head, names in after:  # a click does what it would have done before
        order_by_name(page)
        expect_names(page, head, names)


# --- what is looked at of a chart ----------------------------------------------------------------------------------


def until_drawn(page: Page, chart: str) -> None:
    expect(page.locator(f".st-key-{chart} .scatterlayer .js-line").first).to_be_attached()


@pytest.mark.parametrize(
    ("title", "query", "chart"), [("Train", "run", "loss"), ("Runs", "compare", "overlay-accuracy")]
)
def test_a_zoom_is_found_again_and_there_are_two_ways_back_to_the_whole_chart(
    server: LabServer, new_tab: Tabs, title: str, query: str, chart: str
) -> None:
    run = ended(server, 9000, 9800, 9900)
    page = new_tab(f"{server.address}/{title.lower()}?{query}={run}")
    until_drawn(page, chart)
    place = page.locator(f".st-key-{chart}")
    back = place.get_by_role("button", name="Whole chart")
    whole = limits(page, chart)
    expect(back).to_be_hidden()
    zoom = zoom_into(page, chart)
    leave_and_come_back(page, title)
    until_drawn(page, chart)
    assert limits(page, chart) == zoom
    page.reload()
    until_drawn(page, chart)
    assert limits(page, chart) == zoom
    back.click()
    until_whole(page, chart, whole)
    expect(back).to_be_hidden()
    zoom_into(page, chart)
    place.locator(".nsewdrag").first.dblclick()
    until_whole(page, chart, whole)
    leave_and_come_back(page, title)
    until_drawn(page, chart)
    assert limits(page, chart) == whole


@pytest.mark.parametrize("busy", [0, 700], ids=["idle", "busy"])
def test_a_double_click_counts_once_however_busy_the_page_is(server: LabServer, new_tab: Tabs, busy: int) -> None:
    page = new_tab(f"{server.address}/train?run={ended(server, 9000, 9800, 9900)}")
    until_drawn(page, "loss")
    whole = limits(page, "loss")
    page.evaluate(WORKS_AT_A_PRESS, busy)
    curves = page.locator(".st-key-loss .nsewdrag").first
    for _ in range(2):
        zoom_into(page, "loss")
        curves.dblclick()
        until_whole(page, "loss", whole)
    curves.dblclick()  # from the whole chart: as wide as the curves
    page.wait_for_function("document.querySelector('.st-key-loss .js-plotly-plot')._fullLayout.xaxis.autorange")
    curves.dblclick()
    until_whole(page, "loss", whole)


def test_a_click_soon_after_a_zoom_is_no_double_click(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/train?run={ended(server, 9000, 9800, 9900)}")
    until_drawn(page, "loss")
    zoom = zoom_into(page, "loss")
    page.locator(".st-key-loss .nsewdrag").first.click()
    page.evaluate(TWO_FRAMES)
    assert limits(page, "loss") == zoom


def test_two_taps_lead_from_a_zoom_to_the_whole_chart(server: LabServer, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    page = context.new_page()
    page.goto(f"{server.address}/train?run={ended(server, 9000, 9800, 9900)}")
    until_drawn(page, "loss")
    whole = limits(page, "loss")
    zoom = zoom_into(page, "loss")
    curves = page.locator(".st-key-loss .nsewdrag").first
    curves.tap()
    page.evaluate(TWO_FRAMES)
    assert limits(page, "loss") == zoom
    for _ in range(2):
        curves.tap()
    until_whole(page, "loss", whole)
    context.close()


TWO_FRAMES = "() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
WORKS_AT_A_PRESS = """busy => addEventListener("mousedown", () => {
    const begun = performance.now();
    while (performance.now() - begun < busy);
}, true)"""


def test_another_run_begins_with_its_whole_chart(server: LabServer, new_tab: Tabs) -> None:
    first, other = (ended(server, 9000, 9800, 9900, name=name) for name in ("first", "other"))
    page = new_tab(f"{server.address}/train?run={first}")
    until_drawn(page, "accuracy")
    whole = limits(page, "accuracy")
    zoom = zoom_into(page, "accuracy")
    for clicked, opened, shown in (([other], other, whole), ([other, first], first, zoom)):
        page.get_by_role("link", name="Runs", exact=True).click()
        for run in clicked:  # the other one is ticked, and then no longer
            row = 1 if run == other else 2
            expect(page.locator(f"canvas tbody tr:nth-child({row}) td").first).to_have_text(str(run))
            canvas = page.locator("[data-testid=stDataFrame] canvas").first
            canvas.click(position={"x": 18, "y": 35 * row + HEAD}, force=True)
        expect(page).to_have_url(f"{server.address}/runs?compare={opened}")
        page.get_by_role("button", name="Open", exact=True).click()
        expect(page.get_by_text(f"run {opened},")).to_be_visible()
        until_drawn(page, "accuracy")
        until_whole(page, "accuracy", shown)


def test_a_curve_that_is_hidden_stays_so(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/train?run={ended(server, 9000, 9800, 9900)}")
    until_drawn(page, "accuracy")
    hidden = page.locator(".st-key-accuracy .legend .traces").filter(has_text="test")
    hidden.locator(".legendtoggle").click(force=True)
    expect(hidden).to_have_css("opacity", "0.5")
    leave_and_come_back(page, "Train")
    until_legend(page)
    expect(hidden).to_have_css("opacity", "0.5")


def until_legend(page: Page) -> None:
    expect(page.locator(".st-key-accuracy .legend .traces").first).to_be_attached()


# --- how far a page is scrolled --------------------------------------------------------------------------------------

BUSY_AFTER_BACK = """() => {
    const now = performance.now.bind(performance);
    addEventListener("popstate", () => { performance.now = () => now() + 11000; });
}"""
SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop"


def left_at_300(server: LabServer, new_tab: Tabs) -> Page:
    """Train, scrolled so far and left for Steps."""
    page = new_tab(f"{server.address}/train?run={ended(server, 9000, 9800, 9900)}")
    until_drawn(page, "rate")
    page.evaluate(f"{SCROLLED} = 300")
    page.get_by_role("link", name="Steps", exact=True).click()
    expect(page.get_by_role("heading", name="Five steps")).to_be_visible()
    return page


def test_a_page_is_opened_at_its_top_and_back_finds_it_where_it_was_left(server: LabServer, new_tab: Tabs) -> None:
    page = left_at_300(server, new_tab)
    assert page.evaluate(SCROLLED) == 0
    page.go_back()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_attached()
    page.wait_for_function(f"() => {SCROLLED} === 300")


def test_a_page_that_is_long_in_coming_is_found_where_it_was_left_as_well(server: LabServer, new_tab: Tabs) -> None:
    """On a busy machine eleven seconds may pass between Back and the next thing that the browser does."""
    page = left_at_300(server, new_tab)
    page.evaluate(BUSY_AFTER_BACK)
    page.go_back()
    page.wait_for_function(f"() => {SCROLLED} === 300")
