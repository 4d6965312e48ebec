"""What is taken along from a page, and found on coming back: files, a link for a lesson, the address, the open tab."""

import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from csv import DictReader
from pathlib import Path
from urllib.parse import urlencode

import pytest
from app_pages import add_run, epoch
from browser.curves import wait_for_points
from examples import tiny_run, wait_until
from lab_server import LabServer
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from safetensors.numpy import load

from lab.address import to_address
from lab.config import from_json
from lab.events import Finished

expect.set_options(timeout=90_000)
HISTORY = Path(__file__).parents[2] / "lab" / "ui" / "history.js"
Tabs = Callable[[str], Page]


def download(page: Page, label: str) -> tuple[str, bytes]:
    """The file that a button of the open list gives: its name and what is in it."""
    with page.expect_download() as told:
        page.get_by_role("button", name=re.compile(label)).click()
    return told.value.suggested_filename, Path(told.value.path()).read_bytes()


def test_a_link_to_a_step_shows_it_and_the_address_follows_what_is_chosen_and_back(
    server: LabServer, new_tab: Tabs
) -> None:
    page = new_tab(f"{server.address}/steps?step=5")
    expect(page.get_by_role("heading", name="5. Learning-rate scheduler")).to_be_visible()
    page.get_by_role("radio", name="6. Beyond").click()
    expect(page).to_have_url(f"{server.address}/steps?step=6")
    expect(page.get_by_role("heading", name="6. Beyond")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="5. Learning-rate scheduler")).to_be_visible()
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page).to_have_url(f"{server.address}/runs")
    page.get_by_role("link", name="Steps", exact=True).click()
    expect(page).to_have_url(f"{server.address}/steps?step=5")


def test_back_leads_to_the_page_before_whatever_was_set_meanwhile(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/runs")
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_test_id("stCheckbox").filter(has_text="Scheduler").locator("label").click()
    expect(page).to_have_url(re.compile("schedule.kind=step"))
    page.go_back()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{server.address}/runs")


@pytest.mark.parametrize(
    ("first", "written"),
    [
        ("/steps?step=5", ["/train", "/train?step=3"]),
        ("/steps?step=5", ["/steps?step=3", "/train?step=3"]),  # the new page's, before React has drawn the change
        ("/runs?compare=1", ["/runs?step=3", "/train?step=3"]),
        ("/mistakes?cell=4-9", ["/mistakes", "/inside", "/inside?image=7"]),  # `st.switch_page` clears the address
        ("/?step=5", ["/?step=5&run=7", "/", "/train", "/train?step=5", "/train?step=5&run=7"]),
    ],
)
def test_a_click_that_leads_to_another_page_makes_one_entry_whatever_is_written_on_the_way(
    context: BrowserContext, first: str, written: list[str]
) -> None:
    page, lab = context.new_page(), "http://lab.test"
    page.route("**", lambda route: route.fulfill(body="<button>Away</button>", content_type="text/html"))
    page.goto(f"{lab}{first}")
    page.add_script_tag(path=HISTORY)
    for address in (first, "/draw", first):  # a page says its own, and is come back to
        page.get_by_role("button").click()
        page.evaluate("address => history.pushState({}, '', address)", address)
    before = page.evaluate("history.length")
    page.get_by_role("button").click()
    for address in written:
        page.evaluate("address => history.pushState({}, '', address)", address)
    assert page.url == f"{lab}{written[-1]}" and page.evaluate("history.length") == before + 1
    page.evaluate("history.back()")
    page.wait_for_url(f"{lab}{first}")


def test_the_open_tab_is_found_again_by_the_menu_by_a_reload_and_by_back(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/train")
    beyond = page.get_by_role("tab", name="Beyond")
    beyond.click()
    expect(page).to_have_url(f"{server.address}/train?step=3&tab=beyond")
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page).to_have_url(f"{server.address}/runs")
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page).to_have_url(f"{server.address}/train?step=3&tab=beyond")
    expect(beyond).to_have_attribute("aria-selected", "true")
    page.reload()
    expect(beyond).to_have_attribute("aria-selected", "true")
    page.get_by_role("link", name="Steps", exact=True).click()
    expect(page.get_by_role("heading", name="Five steps")).to_be_visible()
    page.go_back()
    expect(beyond).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("elsewhere", ["Start", "Steps", "Draw"])
def test_the_draft_is_found_again_after_a_reload_of_another_page_and_in_no_other_tab(
    elsewhere: str, server: LabServer, new_tab: Tabs
) -> None:
    page = new_tab(f"{server.address}/train?step=4")
    page.get_by_test_id("stCheckbox").filter(has_text="Dropout").locator("label").click()
    expect(page).to_have_url(f"{server.address}/train?step=4&network.dropout=0")
    page.get_by_role("link", name=elsewhere, exact=True).click()
    expect(page).not_to_have_url(re.compile("dropout"))
    expect(page.get_by_role("heading", name="Train", exact=True)).to_have_count(0)
    address = page.url
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page).to_have_url(address)  # which is handed on, and says what this page shows
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page).to_have_url(f"{server.address}/train?step=4&network.dropout=0")
    other = new_tab(f"{server.address}/train")
    expect(other).to_have_url(f"{server.address}/train?step=3")


def test_a_links_settings_come_before_those_that_the_tab_has_kept(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/train?step=4")
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")
    page.goto(f"{server.address}/train?step=5&seed=2")
    expect(page.locator("input[aria-label=Seed]")).to_have_value("2")
    page.goto(f"{server.address}/runs")
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page).to_have_url(f"{server.address}/train?step=5&seed=2")


@pytest.mark.parametrize("opened", ["by a link", "on the Runs page"])
def test_ones_own_settings_are_a_click_away_also_after_a_reload(server: LabServer, new_tab: Tabs, opened: str) -> None:
    run = add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1))
    own = f"{server.address}/train?step=5&seed=42"
    page = new_tab(own)
    expect(page.locator("input[aria-label=Seed]")).to_have_value("42")
    if opened == "by a link":
        page.goto(f"{server.address}/train?run={run}")
    else:
        page.get_by_role("link", name="Runs", exact=True).click()
        page.goto(f"{server.address}/runs?compare={run}")
        page.get_by_role("button", name="Open", exact=True).click()
    back = page.get_by_role("button", name="Back to my settings")
    expect(page.get_by_text(f"These are the settings of run {run}.")).to_be_visible()
    for _ in range(2):  # the second has only what the first has kept
        page.reload()
        expect(back).to_be_visible()
    back.click()
    expect(page).to_have_url(re.compile(r"step=5&seed=42"))
    expect(back).to_have_count(0)
    page.reload()
    expect(page.locator("input[aria-label=Seed]")).to_have_value("42")
    expect(back).to_have_count(0)


def test_a_runs_files_arrive_whole(server: LabServer, new_tab: Tabs) -> None:
    run = server.store.submit(tiny_run())
    wait_until(lambda: server.store.run(run).status == "finished")
    page = new_tab(f"{server.address}/runs?compare={run}")
    page.get_by_role("button", name="Download", exact=True).click()

    name, content = download(page, r"^Epochs \(CSV\)$")
    lines = list(DictReader(io.StringIO(content.decode())))
    assert name == f"run-{run}-epochs.csv"
    told = server.store.epochs([run])[run]
    assert [float(line["test_accuracy"]) for line in lines] == [one.test_accuracy for one in told]

    name, content = download(page, r"\(safetensors\)$")
    assert name == f"run-{run}-weights.safetensors"
    assert content == server.store.checkpoint(run).weights and load(content)

    name, content = download(page, r"\(JSON\)$")
    assert name == f"run-{run}-run.json"
    assert from_json(json.dumps(json.loads(content)["config"])) == tiny_run()

    name, content = download(page, r"^Accuracy \(SVG\)$")
    assert name == f"run-{run}-accuracy.svg"
    assert "Accuracy (%)" in {node.text for node in ET.fromstring(content).iter("{http://www.w3.org/2000/svg}text")}

    name, content = download(page, r"^Loss \(PNG\)$")
    assert name == f"run-{run}-loss.png"
    assert Image.open(io.BytesIO(content)).width >= 1000


def test_a_lessons_link_brings_its_settings_and_hides_what_was_chosen(server: LabServer, new_tab: Tabs) -> None:
    config = tiny_run(seed=7)
    page = new_tab(f"{server.address}/train?{urlencode(to_address(config))}")
    expect(page.get_by_role("tab").first).to_be_visible()
    page.get_by_role("button", name="Link for a lesson").click()
    for part in ("Quick", "Train several seeds", "The tabs with all other settings"):
        page.get_by_test_id("stButtonGroup").get_by_role("button", name=part, exact=True).click()
        expect(page.locator("code").filter(has_text="hide=")).to_be_visible()
    expect(page.locator("code").filter(has_text="hide=quick,seeds,details")).to_be_visible()
    lesson = new_tab(page.locator("code").filter(has_text="hide=").inner_text())
    begin = lesson.get_by_role("button", name="Start training")
    expect(begin).to_be_enabled()
    for hidden in ("Quick", "Train several seeds"):
        expect(page.get_by_role("button", name=hidden, exact=True).first).to_be_visible()
        expect(lesson.get_by_role("button", name=hidden, exact=True)).to_have_count(0)
    expect(lesson.get_by_role("tab")).to_have_count(0)
    begin.click()
    wait_until(lambda: len(server.store.runs()) == 1)
    (run,) = server.store.runs()
    assert run.config == config
    wait_for_points(lesson, "accuracy", "test", more_than=config.epochs - 1)


def test_on_a_projector_charts_are_wide_and_no_text_is_small(server: LabServer, context: BrowserContext) -> None:
    run = add_run(server.store, epoch(1), epoch(2), epoch(3), Finished(), config=tiny_run())
    page = context.new_page()
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{server.address}/train?run={run}&present=1")
    for chart in ("accuracy", "loss"):
        drawn = page.locator(f".st-key-{chart} .main-svg").first
        expect(drawn).to_be_visible()
        box = drawn.bounding_box()
        assert box is not None and box["width"] >= 800
    expect(page.get_by_role("button", name="Start training")).to_have_count(0)
    assert page.evaluate(SMALL) == []


SMALL = """() => {
    const small = [];
    const texts = document.createTreeWalker(document.querySelector("[data-testid=stMain]"), NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        const around = text.parentElement;
        if (!text.textContent.trim() || around.closest("style, script, [data-testid=stIconMaterial]")) continue;
        if (!around.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        const size = parseFloat(getComputedStyle(around).fontSize);
        if (size < 20) small.push(`${text.textContent.trim().slice(0, 50)}: ${size} px`);
    }
    return small;
}"""
"""Every text of the page's middle that is smaller than 20 pixels."""
