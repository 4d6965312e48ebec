"""What goes on elsewhere takes nothing away from a person in the midst of something: a stroke, a name, a search."""

import re

import pytest
from app_pages import run_that_is
from browser.spoken import Speak, Tabs
from browser.test_elsewhere import hears, listens, looks, mention, opened
from browser.test_pages_in_browser import COLUMNS
from lab_server import LabServer
from playwright.sync_api import expect

from lab.events import Finished

pytestmark = pytest.mark.usefixtures("speak")  # first, so that the tabs, which may follow the runs, are closed before


def test_a_stroke_under_way_is_drawn_to_its_end_before_the_page_is_drawn_anew(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    page = opened(server, new_tab, "")
    box = page.locator(".lab-board canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 140, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 120, steps=5)
    run = speak()
    hears(page, f"{run.run}-running-run")
    looks(page, 40)
    expect(page.locator(".st-key-live-run")).to_have_count(0)
    assert page.locator(".lab-board canvas").bounding_box() == box
    page.mouse.move(box["x"] + 140, box["y"] + 230, steps=5)
    page.mouse.up()
    mention(page, run)
    strokes = page.evaluate("document.querySelector('.lab-read').board.strokes()")
    assert len(strokes) == 1
    assert [strokes[0][0][1], strokes[0][-1][1]] == pytest.approx([60, 230], abs=2)
    expect(page.locator(".lab-read")).to_have_attribute("data-state", re.compile("read|guess"))


def test_a_dialog_with_a_name_half_typed_stays_until_it_is_closed(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    mentioned, old = speak(), run_that_is("finished", server.store, "nobody")
    page = opened(server, new_tab, f"runs?compare={old}")
    page.get_by_role("button", name="Rename").click()
    name = page.get_by_role("dialog").get_by_role("textbox")
    name.fill("half a na")
    run = speak()
    mentioned.say(Finished())
    hears(page, f"{run.run}-running-run")
    hears(page, f"finished-2-{old}")
    looks(page, 40)
    expect(name).to_have_value("half a na")
    expect(name).to_be_focused()
    page.keyboard.press("Escape")
    mention(page, run)


@pytest.mark.parametrize(("name", "tab", "label"), [("train", "Run", "Seed"), ("train", "Run", "Epochs")])
def test_a_field_keeps_what_is_half_typed_and_the_keyboard(
    server: LabServer, new_tab: Tabs, speak: Speak, name: str, tab: str, label: str
) -> None:
    ended = run_that_is("finished", server.store, "nobody")
    page = opened(server, new_tab, f"{name}?run={ended}")
    page.get_by_role("tab", name=tab).click()
    field = page.get_by_label(label, exact=True)
    field.click()
    page.keyboard.press("End")
    page.keyboard.type("7")
    typed = field.input_value()
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 120")
    run = speak()
    mention(page, run)
    expect(field).to_be_focused()
    expect(field).to_have_value(typed)


def test_a_cell_of_the_layer_table_keeps_what_is_half_typed(server: LabServer, new_tab: Tabs, speak: Speak) -> None:
    page = opened(server, new_tab, "layers")
    canvas = page.locator("[data-testid=stDataFrame] canvas").first
    canvas.click(position={"x": COLUMNS["channels"][1], "y": 33 + 17}, force=True)
    page.keyboard.type("12")
    editor = page.locator(".gdg-input")
    expect(editor).to_have_value("12")
    run = speak()
    mention(page, run)
    expect(editor).to_have_value("12")
    expect(editor).to_be_focused()


def test_a_search_in_the_table_of_runs_goes_on_until_it_is_closed(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run_that_is("finished", server.store, "nobody")
    page = opened(server, new_tab, "runs")
    page.get_by_test_id("stDataFrame").first.hover()
    page.locator("[data-testid=stElementToolbar] [aria-label=Search]").first.click()
    search = page.get_by_test_id("search-input")
    search.fill("St")
    run = speak()
    hears(page, f"{run.run}-running-run")
    looks(page, 40)
    expect(search).to_have_value("St")
    expect(search).to_be_focused()
    page.keyboard.press("Escape")
    mention(page, run)


def test_what_is_open_otherwise_stays_open(server: LabServer, new_tab: Tabs, speak: Speak) -> None:
    page = opened(server, new_tab, "draw")
    network = page.get_by_role("combobox").first
    network.click()
    page.keyboard.type("Rea")
    mention(page, speak())
    expect(network).to_have_value("Rea")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.goto(f"{server.address}/train")
    listens(page)
    page.get_by_text("Link for a lesson").click()
    body = page.get_by_test_id("stPopoverBody")
    expect(body).to_be_visible()
    mention(page, speak())
    expect(body).to_be_visible()
