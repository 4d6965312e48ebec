"""What is seen by who uses the keyboard, or whose system forces its own colours (high contrast)."""

from collections.abc import Callable

import pytest
from app_pages import add_run, epoch
from browser.focus import tab_through
from browser.test_looks import CLEAR, PROJECTOR, look
from examples import tiny_run, wait_until
from lab_server import LabServer
from playwright.sync_api import Browser, Page, expect

from lab.events import Finished

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]

# --- where the keyboard is -----------------------------------------------------------------------------------------

RING = """() => {
    const at = document.activeElement, table = at.closest("[data-testid=stDataFrame]");
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(table ?? at);
    return outlineStyle === "solid" ? outlineWidth : boxShadow.includes("inset") ? "inset" : "";
}"""


def test_the_keyboard_is_seen_on_links_tabs_and_tables_and_on_what_is_chosen_already(
    server: LabServer, new_tab: Tabs
) -> None:
    add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1), name="a")
    for address, place, ring in (
        ("", "[data-testid=stTopNavLink]", "2px"),
        ("train", "[data-testid=stPageLink-NavLink]", "2px"),
        ("layers", "[data-testid=stTabs] [role=tab][aria-selected=true]", "inset"),
        ("runs", "[data-testid=stDataFrame] canvas", "2px"),
        ("inside", ".st-key-inside_strip [aria-pressed=true]", "4px"),
    ):
        page = new_tab(f"{server.address}/{address}")
        expect(page.locator(place).first).to_be_attached()
        page.keyboard.press("Tab")  # from here on the keyboard is what is used
        page.locator(place).first.focus()
        page.wait_for_function(f"({RING})() === '{ring}'")


def test_the_keyboard_is_seen_in_the_toolbar_of_a_table(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/layers")
    expect(page.locator("[data-testid=stDataFrame] canvas").first).to_be_attached()
    page.mouse.move(1, 1)
    assert [focus.name for focus in tab_through(page) if not focus.is_seen] == []


# --- forced colours ------------------------------------------------------------------------------------------------

SHOWN_BY_A_GROUND = {
    "?step=3": (".lab-strip .mean", ".lab-strip .size i", ".lab-bars i"),
    "steps?step=3": (".st-key-chosen-step [aria-checked=true]", ".stacks .marked"),
    "train?step=3": (".st-key-switches [data-selected] label > div:not([data-testid])", ".budget-bar div"),
    "mistakes": (".lab-confusion .wrong",),
    "inside": (".sum td",),
}
"""By page: what nothing but its ground shows, or whether it is on or chosen."""


def grounds(page: Page, selectors: tuple[str, ...]) -> list[str]:
    return [look(page, selector, "backgroundColor")[0] for selector in selectors]


@pytest.mark.parametrize("address", SHOWN_BY_A_GROUND)
def test_in_forced_colours_bars_marks_and_what_is_on_or_chosen_can_be_seen(
    server: LabServer, browser: Browser, address: str
) -> None:
    usual, forced = browser.new_page(viewport=PROJECTOR), browser.new_page(viewport=PROJECTOR, forced_colors="active")
    for page in (usual, forced):
        page.goto(f"{server.address}/{address}")
    selectors = SHOWN_BY_A_GROUND[address]
    wait_until(lambda: CLEAR not in grounds(usual, selectors), seconds=60)
    wait_until(lambda: grounds(forced, selectors) == grounds(usual, selectors), seconds=20)
    usual.close()
    forced.close()
