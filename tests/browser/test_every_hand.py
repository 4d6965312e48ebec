"""The lab without eyes, without colours and without a mouse: what axe-core finds, names of charts, the keyboard."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from app_pages import add_run, epoch
from browser.axe import findings
from browser.curves import points, wait_for_points
from browser.focus import FOCUS
from browser.test_app import start, train_address
from examples import tiny_run, wait_until
from lab_server import LabServer
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from lab.events import Stopped

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]


@pytest.fixture(params=["light", "dark"])
def themed_page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab of a browser whose user wants this theme."""
    page = context.new_page()
    page.emulate_media(color_scheme=request.param)
    yield page


def expect_chart(page: Page, chart: str) -> None:
    expect(page.locator(f".st-key-{chart} .main-svg").first).to_be_attached()


def table(page: Page) -> Locator:
    """A table of Streamlit's, once its cells are there."""
    expect(page.locator("[data-testid=stDataFrame] canvas tbody tr")).not_to_have_count(0)
    return page.locator("[data-testid=stDataFrame] canvas").first


def two_runs(server: LabServer) -> list[int]:
    return [add_run(server.store, epoch(1), epoch(2), Stopped(), config=tiny_run(), name=name) for name in "ab"]


def test_axe_finds_nothing_on_start_while_a_run_is_live(server: LabServer, themed_page: Page) -> None:
    start(server)
    themed_page.goto(server.address)
    expect(themed_page.locator(".lab-strip label").first).to_be_visible()
    expect(themed_page.get_by_role("progressbar", name="Progress of the run")).to_be_visible()
    assert findings(themed_page) == []


def test_axe_finds_nothing_on_steps(server: LabServer, themed_page: Page) -> None:
    themed_page.goto(f"{server.address}/steps")
    expect_chart(themed_page, "step-curves")
    assert findings(themed_page) == []


def test_axe_finds_nothing_on_train(server: LabServer, themed_page: Page) -> None:
    themed_page.goto(train_address(server, two_runs(server)[0]))
    expect_chart(themed_page, "loss")
    expect_chart(themed_page, "digits")
    assert findings(themed_page) == []
    for tab in ("Learning rate", "Beyond", "Run"):
        themed_page.get_by_role("tab", name=tab).click()
        expect(themed_page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        assert findings(themed_page) == []


def test_axe_finds_nothing_on_layers(server: LabServer, themed_page: Page) -> None:
    themed_page.goto(f"{server.address}/layers")
    table(themed_page)
    assert findings(themed_page) == []
    themed_page.get_by_role("tab", name="What a unit sees").click()
    expect_chart(themed_page, "unit_picture")
    assert findings(themed_page) == []


def test_axe_finds_nothing_on_draw(server: LabServer, themed_page: Page) -> None:
    themed_page.goto(f"{server.address}/draw")
    expect(themed_page.locator(".lab-board canvas")).to_be_visible()
    assert findings(themed_page) == []
    themed_page.get_by_text("Picture file").click()
    expect(themed_page.get_by_test_id("stFileUploaderDropzone")).to_be_visible()
    assert findings(themed_page) == []


def test_axe_finds_nothing_on_runs_nor_in_its_dialogs(server: LabServer, themed_page: Page) -> None:
    two_runs(server)
    themed_page.goto(f"{server.address}/runs")
    table(themed_page).click(position={"x": 18, "y": 17}, force=True)
    expect_chart(themed_page, "overlay-loss")
    assert findings(themed_page) == []
    themed_page.get_by_role("button", name="Delete", exact=True).click()
    expect(themed_page.get_by_role("dialog").get_by_role("button", name="Delete")).to_be_visible()
    assert findings(themed_page) == []


PHONE, TABLET = {"width": 390, "height": 844}, {"width": 820, "height": 1180}
"""Screens on which wide parts scroll sideways."""


@pytest.mark.parametrize("screen", [PHONE, TABLET], ids=["phone", "tablet"])
def test_axe_finds_nothing_where_wide_parts_scroll_sideways(
    server: LabServer, context: BrowserContext, screen: Any
) -> None:
    runs = [add_run(server.store, epoch(1), Stopped(), config=tiny_run(seed=seed), name="x") for seed in range(10)]
    addresses = {
        "steps": "table.plain",
        "steps?step=3": ".stacks",
        "layers?step=3": "table.plain",
        f"runs?compare={','.join(map(str, runs))}": "table.plain",
    }
    found = {}
    page = context.new_page()
    page.set_viewport_size(screen)
    for address, part in addresses.items():
        page.goto(f"{server.address}/{address}")
        expect(page.locator(part)).to_be_visible()
        found[address] = findings(page)
    assert found == {address: [] for address in addresses}


def test_what_the_columns_of_the_layers_mean_can_be_read_by_keyboard(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/layers?step=3")
    meaning = page.get_by_text("All strides up to here, multiplied")
    expect(page.get_by_text("What the columns mean")).to_be_visible()
    expect(meaning).to_be_hidden()
    page.locator(".st-key-layer-columns summary").press("Enter")
    expect(meaning).to_be_visible()


# --- in words ----------------------------------------------------------------------------------------------------


def test_a_chart_says_what_it_shows_and_its_latest_figures(server: LabServer, new_tab: Tabs) -> None:
    run_id = two_runs(server)[0]
    page = new_tab(train_address(server, run_id))
    last = server.store.epochs([run_id])[run_id][-1]
    begun = "train, no points; train, evaluated, no points"
    words = f"Accuracy (%) by epoch: {begun}; test {last.test_accuracy:.2f} % at epoch 2"
    expect(page.locator(".st-key-accuracy").get_by_role("img", name=words)).to_have_count(1)
    expect(page.get_by_role("img", name=f"Loss by epoch: {begun}; test {last.test_loss:.4f}")).to_have_count(1)
    expect(page.get_by_role("img", name="10 digits")).to_have_count(1)


def test_a_live_chart_goes_on_saying_its_figures_and_each_epoch_is_said(server: LabServer, new_tab: Tabs) -> None:
    run_id = start(server)
    page = new_tab(train_address(server, run_id))
    wait_for_points(page, "loss", "train", more_than=0)
    chart = page.locator(".st-key-loss .lab-chart")
    seen = chart.get_attribute("aria-label") or ""
    wait_for_points(page, "loss", "train", more_than=points(page, "loss", "train"))
    expect(chart).not_to_have_attribute("aria-label", seen)
    aloud = page.get_by_role("status").filter(has_text="Epoch")
    wait_until(lambda: len(server.store.epochs([run_id])[run_id]) > 0)
    expect(aloud).to_contain_text("test accuracy")


# --- by keyboard -------------------------------------------------------------------------------------------------


def focused(page: Page) -> str:
    return str(page.evaluate(FOCUS)[1])


def test_pause_is_within_ten_tab_stops_of_the_pages_start(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(train_address(server, start(server)))
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    stops: list[str] = []
    while "Pause" not in stops and len(stops) < 10:
        page.keyboard.press("Tab")
        stops.append(focused(page))
    assert "Pause" in stops


def test_on_a_phone_the_closed_drawer_is_out_of_reach_and_it_closes_when_a_page_is_chosen(
    server: LabServer, themed_page: Page
) -> None:
    themed_page.set_viewport_size({"width": 390, "height": 844})
    themed_page.goto(f"{server.address}/draw")
    expect(themed_page.locator(".lab-board canvas")).to_be_visible()
    assert findings(themed_page) == []
    opens = themed_page.get_by_test_id("stExpandSidebarButton")
    for stop in ("Skip to main content", "Expand sidebar"):  # not the links that nobody sees
        themed_page.keyboard.press("Tab")
        assert focused(themed_page) == stop
    expect(opens).to_be_focused()
    themed_page.keyboard.press("Enter")
    chosen = themed_page.get_by_role("link", name="Runs")
    expect(chosen).to_be_in_viewport(ratio=1)
    assert findings(themed_page) == []
    chosen.click()
    expect(themed_page.get_by_role("heading", level=1)).to_have_text("Runs")
    expect(themed_page.get_by_role("link", name="Runs")).to_have_count(0)


def test_space_ticks_the_run_that_the_arrows_have_come_to(server: LabServer, new_tab: Tabs) -> None:
    two_runs(server)
    page = new_tab(f"{server.address}/runs")
    table(page).focus()
    page.keyboard.press("ArrowDown")
    row = page.locator("[data-testid=stDataFrame] canvas tbody tr").nth(1)
    expect(row.locator("td[aria-selected=true]")).to_have_count(1)
    page.keyboard.press("Space")
    expect(row).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("button", name="Open")).to_be_enabled()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Open")).to_be_disabled()


def test_enter_renames_and_a_name_of_nothing_is_refused(server: LabServer, new_tab: Tabs) -> None:
    two_runs(server)
    page = new_tab(f"{server.address}/runs")
    table(page).click(position={"x": 18, "y": 35 + 17}, force=True)
    page.get_by_role("button", name="Rename").click()
    dialog = page.get_by_role("dialog")
    name = dialog.get_by_label("Name")
    expect(name).to_be_focused()
    name.fill("  ")
    name.press("Enter")
    expect(dialog.get_by_text("at least one character")).to_be_visible()
    name.fill("better")
    name.press("Enter")
    expect(dialog).to_have_count(0)
    assert [run.name for run in server.store.runs()] == ["better", "a"]


def test_of_a_name_that_is_pasted_and_too_long_as_much_is_taken_as_there_is_room_for(
    server: LabServer, new_tab: Tabs
) -> None:
    two_runs(server)
    page = new_tab(f"{server.address}/runs?compare={server.store.runs()[0].id}")
    page.get_by_role("button", name="Rename").click()
    name = page.get_by_role("dialog").get_by_label("Name")
    expect(name).to_be_focused()
    name.select_text()
    page.keyboard.insert_text("z" * 200)
    expect(name).to_have_value("z" * 120)


# --- toolbars ----------------------------------------------------------------------------------------------------

COVERED = """() => {
    const found = [...document.querySelectorAll("[data-testid=stElementToolbar]")];
    const bars = found.map(bar => [bar, bar.getBoundingClientRect()]);
    const texts = document.createTreeWalker(document.querySelector("[data-testid=stMain]"), NodeFilter.SHOW_TEXT);
    const covered = [];
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const [bar, box] of bars) {
            if (!box.width || bar.contains(text) || text.parentElement.closest("canvas, style, script")) continue;
            for (const part of range.getClientRects()) {
                const across = Math.min(part.right, box.right) - Math.max(part.left, box.left);
                const down = Math.min(part.bottom, box.bottom) - Math.max(part.top, box.top);
                if (across > 1 && down > 1) covered.push(text.textContent);
            }
        }
    }
    return covered;
}"""


@pytest.mark.parametrize(("page_name", "width"), [("layers", 390), ("layers", 1280), ("runs", 820), ("runs", 1280)])
def test_no_toolbar_covers_a_text(server: LabServer, browser: Browser, page_name: str, width: int) -> None:
    two_runs(server)
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(f"{server.address}/{page_name}")
    box = table(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 20)
    expect(page.get_by_test_id("stElementToolbar").first).to_be_visible()
    assert page.evaluate(COVERED) == []
    page.close()
