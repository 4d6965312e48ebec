"""The layer table takes every key as it is typed, undoes it, and keeps its numbers."""

from collections.abc import Callable

import pytest
from browser.test_every_hand import table
from examples import wait_until
from lab_server import LabServer
from playwright.sync_api import Locator, Page, expect

Tabs = Callable[[str], Page]


def cell(page: Page, layer: int, column: int) -> Locator:
    """Of the newest table: on a busy machine the one before it is still there for a moment, behind it."""
    return page.get_by_test_id(f"glide-cell-{column}-{layer - 1}").first


CHANNELS, X = 3, 220
"""The column of the channels, and a pixel within it."""


def choose_cell(page: Page, layer: int) -> None:
    canvas = table(page)
    canvas.click(position={"x": X, "y": 33 * layer + 17}, force=True)
    expect(cell(page, layer, CHANNELS)).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("milliseconds", [20, 0])
def test_every_digit_of_fast_typing_is_kept_and_can_be_undone(
    server: LabServer, new_tab: Tabs, milliseconds: int
) -> None:
    page = new_tab(f"{server.address}/layers")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    choose_cell(page, 1)
    page.keyboard.type("128", delay=milliseconds)
    page.keyboard.press("Enter")
    expect(cell(page, 1, CHANNELS)).to_have_text("128")
    expect(undo).to_be_enabled()
    page.keyboard.press("Control+z")
    expect(cell(page, 1, CHANNELS)).to_have_text("96")
    expect(undo).to_be_disabled()


def test_edits_one_after_the_other_without_a_pause_are_all_taken(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/layers")
    for channels in ("128", "64", "97", "120", "65", "98"):
        choose_cell(page, 1)
        page.keyboard.type(channels)
        page.keyboard.press("Enter")
        expect(cell(page, 1, CHANNELS)).to_have_text(channels)


def numbers(page: Page) -> list[str]:
    return page.locator("[data-testid=stDataFrame] canvas tbody td[aria-colindex='1']").all_text_contents()


def test_layers_keep_being_numbered_when_one_is_removed_and_undo_brings_it_back(
    server: LabServer, new_tab: Tabs
) -> None:
    page = new_tab(f"{server.address}/layers")
    canvas = table(page)
    assert numbers(page)[:8] == list("12345678")
    canvas.click(position={"x": 18, "y": 33 * 5 + 17}, force=True)
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    wait_until(lambda: numbers(page)[:7] == list("1234567") and "8" not in numbers(page))
    page.get_by_role("button", name="Undo").click()
    wait_until(lambda: numbers(page)[:8] == list("12345678"))
    expect(cell(page, 5, CHANNELS)).to_have_text("8")
