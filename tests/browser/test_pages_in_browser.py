"""What only a browser shows: which runs are ticked, how names are drawn, what becomes of what is typed."""

import re
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from app_pages import add_run, epoch
from browser.axe import findings
from examples import tiny_run, wait_until
from lab_server import LabServer
from nasty import NASTY_NAMES
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from lab.events import Stopped

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]
ROW, HEAD, BOX = 35, 35, 18
"""Pixels of the table of runs: the height of a row and of its head, and where the boxes are to tick."""


def ended_run(server: LabServer, name: str) -> int:
    return add_run(server.store, epoch(1), Stopped(), config=tiny_run(), name=name)


def open_runs(server: LabServer, new_tab: Tabs) -> Page:
    page = new_tab(f"{server.address}/runs")
    expect(page.locator("[data-testid=stDataFrame] canvas").first).to_be_visible()
    expect(page.locator("[data-testid=stDataFrame] canvas tbody tr")).not_to_have_count(0)
    return page


def tick(page: Page, row: int) -> None:
    """Tick a row of the table, 1 the first; 0, in the head, ticks all."""
    canvas = page.locator("[data-testid=stDataFrame] canvas").first
    canvas.click(position={"x": BOX, "y": HEAD + ROW * (row - 1) + ROW / 2}, force=True)  # a scroller lies over it


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_delete_removes_the_run_that_was_ticked_and_then_nothing_is_ticked(server: LabServer, new_tab: Tabs) -> None:
    ended_run(server, "oldest")
    mine = ended_run(server, "mine")
    page = open_runs(server, new_tab)
    ended_run(server, "somebody else's")  # at the top of the next drawing
    tick(page, 1)
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_enabled()
    press(page, "Delete")
    expect(dialog(page).get_by_role("listitem")).to_have_text([f"mine (run {mine}, stopped)"])
    dialog(page).get_by_role("button", name="Delete").click()
    expect(dialog(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    assert [run.name for run in server.store.runs()] == ["somebody else's", "oldest"]


def test_every_name_is_drawn_as_it_was_typed(server: LabServer, new_tab: Tabs) -> None:
    ids = [ended_run(server, name) for name in NASTY_NAMES]
    lines = [" ".join(name.split()) for name in reversed(NASTY_NAMES)]
    page = open_runs(server, new_tab)
    tick(page, 0)
    press(page, "Delete")
    items = dialog(page).get_by_role("listitem")
    expect(items).to_have_count(len(NASTY_NAMES))
    for item, line, run_id in zip(items.all(), lines, reversed(ids), strict=True):
        assert item.inner_text().replace("\u2060", "") == f"{line} (run {run_id}, stopped)"
        assert "<" not in item.inner_html()  # no emphasis, no picture, no link, no formula
    page.goto(f"{server.address}/train?run={ids[0]}")
    expect(page.locator("strong").first).to_have_text(NASTY_NAMES[0])


@pytest.mark.parametrize(
    ("label", "typed", "shown"),
    [("Epochs", "0,02", None), ("Seed", "letters", None), ("Training images", "6e3", "6000")],
)
def test_what_is_typed_is_used_or_stays_and_is_refused(
    server: LabServer, new_tab: Tabs, label: str, typed: str, shown: str | None
) -> None:
    page = new_tab(f"{server.address}/train")
    page.get_by_role("tab", name="Run").click()
    box = page.get_by_label(label, exact=True)
    box.fill(typed)
    box.press("Enter")
    start = page.get_by_role("button", name="Start training")
    if shown is None:
        expect(page.get_by_text(f"{label} is '{typed}'")).to_be_visible()
        expect(start).to_be_disabled()
    expect(box).to_have_value(shown or typed)
    expect(page.get_by_role("tab", name="Run")).to_have_attribute("aria-selected", "true")
    box.fill("3")
    if shown is None:
        box.press("Enter")
    start.click()  # where no Enter was pressed, leaving the field takes what is in it
    expect(page.get_by_text("No run yet")).to_have_count(0)
    fields = {"Epochs": "epochs", "Seed": "seed", "Training images": "training_images"}
    (run,) = server.store.runs()
    assert getattr(run.config, fields[label]) == 3


def test_on_a_phone_runs_are_cards_ticked_by_tap_and_by_space_and_a_wide_screen_has_them_ticked_in_the_table(
    server: LabServer, new_tab: Tabs
) -> None:
    ids = [ended_run(server, name) for name in ("oldest", "mine")]
    page = open_runs(server, new_tab)
    page.set_viewport_size({"width": 390, "height": 844})
    table = page.locator("[data-testid=stDataFrame]")
    expect(table).to_be_hidden()
    cards = page.get_by_role("group", name="Runs").get_by_role("button")
    expect(cards).to_have_count(2)
    ended_run(server, "somebody else's")  # at the top of the next drawing
    cards.first.click()  # the two are ticked in two places: 'mine' by tap, 'oldest' by Space
    expect(page.get_by_role("button", name="Open", exact=True)).to_be_enabled()
    expect(cards).to_have_count(3)
    expect(page).to_have_url(f"{server.address}/runs?compare={ids[1]}")
    cards.last.press("Space")
    expect(page).to_have_url(re.compile(rf"compare={ids[0]}(,|%2C){ids[1]}$"))
    expect(page.get_by_role("img", name="Accuracy (%) by epoch")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert findings(page, within="[data-testid=stMain]") == []
    page.set_viewport_size({"width": 820, "height": 1180})
    expect(table).to_be_visible()
    expect(cards.first).to_be_hidden()
    ticked = table.locator("canvas tbody tr[aria-selected=true]")
    expect(ticked).to_have_count(2)
    page.set_viewport_size({"width": 390, "height": 844})
    cards.last.click()
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/train\?.*run={ids[1]}\b"))


def test_on_a_phone_the_progress_of_a_run_comes_into_view_when_it_is_started(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/train?step=3")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_text("No run yet")).to_be_visible()
    expect(page.locator(".st-key-no-curves")).to_be_hidden()
    press(page, "Quick")  # after scrolling down to it
    expect(page.get_by_role("progressbar", name="Progress of the run")).to_be_in_viewport(ratio=1)
    pause, stop = (page.get_by_role("button", name=name, exact=True) for name in ("Pause", "Stop"))
    expect(pause).to_be_in_viewport(ratio=1)
    left, right = pause.bounding_box(), stop.bounding_box()
    assert left and right and left["y"] == right["y"]  # beside each other


def test_on_a_phone_no_two_numbers_of_the_steps_axis_touch(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(server.address)
    page.set_viewport_size({"width": 390, "height": 844})
    ticks = page.locator(".lab-strip .head .axis span")
    expect(ticks.last).to_be_attached()
    boxes = [box for box in (tick.bounding_box() for tick in ticks.all()) if box]
    assert len(boxes) > 1
    for left, right in pairwise(boxes):
        assert left["x"] + left["width"] + 4 < right["x"]


COLUMNS = {"channels": (3, 218), "kernel": (4, 308)}
"""Of the layer table: the column's number, and a pixel within it."""


CELL = "[data-testid=stDataFrame] canvas td"


def cell(page: Page, layer: int, column: str) -> Locator:
    """What the table says of a cell to who cannot see it."""
    return page.get_by_test_id(f"glide-cell-{COLUMNS[column][0]}-{layer - 1}")


def type_cell(page: Page, layer: int, column: str, text: str) -> None:
    """Type over a cell of the layer table."""
    canvas = page.locator("[data-testid=stDataFrame] canvas").first
    chosen = page.locator(f"{CELL}[data-testid=glide-cell-{COLUMNS[column][0]}-{layer - 1}][aria-selected=true]")

    def choose() -> bool:  # again where the table was being drawn anew
        canvas.click(position={"x": COLUMNS[column][1], "y": 33 * layer + 17}, force=True)
        with suppress(PlaywrightTimeout):
            chosen.wait_for(state="attached", timeout=5000)
        return chosen.count() == 1

    wait_until(choose)
    page.keyboard.press("Enter")
    editor = page.locator("textarea.gdg-input")
    editor.fill(text)
    editor.press("Enter")
    expect(editor).to_have_count(0)


def test_what_is_typed_into_the_layer_table_is_kept_and_explained(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/layers")
    expect(cell(page, 4, "kernel")).to_have_text("3")
    page.get_by_role("tab", name="What a unit sees").click()
    type_cell(page, 4, "kernel", "2,5")
    expect(page.get_by_text("Layer 4: kernel is '2,5'")).to_be_visible()
    expect(page.get_by_role("tab", name="What a unit sees")).to_have_attribute("aria-selected", "true")
    expect(cell(page, 4, "kernel")).to_have_text("2,5")
    type_cell(page, 4, "kernel", "1")
    expect(page.get_by_text("Layer 4: kernel")).to_have_count(0)
    type_cell(page, 3, "channels", "7")  # a pooling: it has none
    expect(cell(page, 3, "channels")).to_have_text("")


def test_a_slider_takes_every_key_also_after_its_layer_was_chosen(server: LabServer, new_tab: Tabs) -> None:
    """Choosing a layer has told the sliders where its middle is: what is told again would take a key back."""
    page = new_tab(f"{server.address}/layers?tab=unit")
    page.get_by_role("combobox", name="Layer", exact=True).click()
    page.get_by_role("option", name="1. conv 5×5").click()
    row = page.get_by_role("slider", name="Row")
    expect(row).to_have_value("14")
    for key in range(12):
        row.press("ArrowLeft" if key % 3 == 2 else "ArrowRight")
    expect(page.get_by_text("The unit in row 18, column 14 of layer 1 sees")).to_be_visible()
    expect(row).to_have_value("18")
