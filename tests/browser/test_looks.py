"""What one would not show a class: text over curves, figures out of their cells, edges and colours that are missing."""

from collections.abc import Callable, Iterator

import pytest
from app_pages import add_run, epoch
from browser.test_app import train_address
from browser.test_lessons_and_files import SMALL
from charts import contrast
from examples import tiny_run, wait_until
from lab_server import LabServer
from playwright.sync_api import Browser, Page, ViewportSize, expect

from lab.events import Finished
from lab.quick import quick
from lab.steps import STEPS, step

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]
PROJECTOR = ViewportSize(width=1280, height=720)
CLEAR = "rgba(0, 0, 0, 0)"
OPENED_ON_RUNS = ("Rename", "Download", "Delete")
"""What opens above the Runs page with a button that stands out."""


@pytest.fixture(params=["light", "dark"])
def themed_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = browser.new_page(viewport=PROJECTOR, color_scheme=request.param)
    yield page
    page.close()


def look(page: Page, selector: str, of: str) -> list[str]:
    """A computed style of every such element."""
    expect(page.locator(selector).first).to_be_attached()
    found = page.evaluate(
        "([selector, of]) => [...document.querySelectorAll(selector)].map((one) => getComputedStyle(one)[of])",
        [selector, of],
    )
    return [str(style) for style in found]


# --- the theme -----------------------------------------------------------------------------------------------------


def test_a_theme_that_was_chosen_on_one_page_is_every_pages_also_after_a_reload(
    server: LabServer, browser: Browser
) -> None:
    page = browser.new_page(viewport=PROJECTOR, color_scheme="dark")
    ground = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    page.goto(f"{server.address}/runs")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate(ground) == "rgb(20, 24, 29)"
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    page.locator("[role^=menuitem], [role=radio]").filter(has_text="light_mode").click()
    wait_until(lambda: page.evaluate(ground) == "rgb(255, 255, 255)", seconds=20)
    for name in ("mistakes", "runs"):
        page.goto(f"{server.address}/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.close()


# --- charts --------------------------------------------------------------------------------------------------------


def test_a_name_that_is_longer_than_a_line_of_the_legend_ends_in_dots_and_is_told_whole(
    server: LabServer, new_tab: Tabs
) -> None:
    name = "a name " * 17
    run = add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1), name=name)
    page = new_tab(f"{server.address}/runs?compare={run}")
    chart = page.locator(".st-key-overlay-accuracy .lab-chart")
    line = chart.locator(".legendtext").first
    expect(line).to_contain_text("…")
    words, around = line.bounding_box(), chart.bounding_box()
    assert words is not None and around is not None
    assert words["x"] + words["width"] <= around["x"] + around["width"]
    assert name.strip() in (chart.get_attribute("aria-label") or "")


NOTES = """() => [...document.querySelectorAll(".st-key-accuracy .annotation-text")].map((note) => {
    const { fill, stroke, paintOrder } = getComputedStyle(note);
    return [note.textContent.trim(), fill, stroke, paintOrder.split(" ")[0]];
})"""


def test_what_is_written_on_a_chart_is_read_above_the_band_and_the_curves_that_it_stands_on(
    server: LabServer, themed_page: Page
) -> None:
    run = add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1), name="a")
    themed_page.goto(f"{train_address(server, run)}&guess=1")
    expect(themed_page.locator(".st-key-accuracy .annotation-text")).to_have_count(2)
    (words,) = set(look(themed_page, ".st-key-accuracy .legendtext", "fill"))
    (ground,) = set(look(themed_page, "[data-testid=stApp]", "backgroundColor"))
    assert [one[1:] for one in themed_page.evaluate(NOTES)] == [[words, ground, "stroke"]] * 2


def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    found: list[dict[str, float]] = page.evaluate(
        "(selector) => [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect().toJSON())",
        selector,
    )
    return found


@pytest.mark.parametrize("present", ["", "&present=1"], ids=["laptop", "projector"])
def test_the_numbers_of_two_axes_stand_apart_where_they_meet(server: LabServer, new_tab: Tabs, present: str) -> None:
    run = add_run(server.store, epoch(1), epoch(2), Finished(), config=tiny_run(epochs=2))
    page = new_tab(f"{train_address(server, run)}{present}")
    for chart in ("loss", "accuracy", "rate"):
        expect(page.locator(f".st-key-{chart} .xtick text").first).to_be_visible()
        across, upright = (boxes(page, f".st-key-{chart} .{which}tick text") for which in "xy")
        assert across and upright
        assert all(number["right"] < across[0]["left"] for number in upright)


# --- tables and marks ----------------------------------------------------------------------------------------------


def test_a_column_that_stays_covers_what_scrolls_below_it(server: LabServer, themed_page: Page) -> None:
    themed_page.goto(f"{server.address}/steps")
    assert CLEAR not in look(themed_page, ".wide td:first-child", "backgroundColor")


def test_what_is_met_and_what_is_missed_have_colours_of_their_own(server: LabServer, themed_page: Page) -> None:
    run = add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1), name="a")
    themed_page.goto(train_address(server, run))
    (text,) = set(look(themed_page, ".checks p", "color"))
    marks = look(themed_page, ".checks :is(.met, .missed)", "color")
    assert marks and text not in marks


BUTTONS = """() => {
    const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const hex = (colour) => {
        pixel.fillStyle = colour;
        pixel.fillRect(0, 0, 1, 1);
        return "#" + [...pixel.getImageData(0, 0, 1, 1).data.slice(0, 3)]
            .map((value) => value.toString(16).padStart(2, "0")).join("");
    };
    return [...document.querySelectorAll("button[kind^=primary]:enabled")].map((button) => [
        button.innerText.trim(),
        hex(getComputedStyle(button.querySelector("p") ?? button).color),
        hex(getComputedStyle(button).backgroundColor),
    ]);
}"""
"""Every button that stands out: its words, their colour and its ground."""
STILL = "() => !document.getAnimations().some((one) => one.playState === 'running')"


def test_the_words_of_every_button_that_stands_out_can_be_read_also_on_what_opens_above_a_page(
    server: LabServer, themed_page: Page
) -> None:
    run = add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1), name="a")
    found: dict[str, float] = {}
    for address, opens in (("train", "Train several seeds"), *((f"runs?compare={run}", n) for n in OPENED_ON_RUNS)):
        themed_page.goto(f"{server.address}/{address}")
        themed_page.get_by_role("button", name=opens, exact=True).click()
        above = themed_page.locator("[data-testid=stPopoverBody], [role=dialog]")
        expect(above.locator("button[kind^=primary]")).to_be_enabled()
        wait_until(lambda: themed_page.evaluate(STILL))  # its colours change over a moment, as it opens
        for words, colour, ground in themed_page.evaluate(BUTTONS):
            found[words] = contrast(colour, ground)
    assert {"Start 5 runs", "Rename", "Everything (ZIP)", "Delete"} <= set(found)
    assert {words: ratio for words, ratio in found.items() if ratio < 4.5} == {}


def test_the_menu_marks_what_a_page_stands_behind(server: LabServer, new_tab: Tabs) -> None:
    section = "[data-testid=stTopNavSection]"
    page = new_tab(f"{server.address}/draw")
    assert set(look(page, section, "backgroundColor")) == {CLEAR}
    page.goto(f"{server.address}/inside")
    expect(page.get_by_role("heading", level=1)).to_have_text("Inside a network")
    wait_until(lambda: CLEAR not in look(page, section, "backgroundColor"))  # the menu is drawn beside the page


# --- Present -------------------------------------------------------------------------------------------------------


def test_on_a_projector_the_figures_of_the_matrix_stay_within_their_cells(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/mistakes?present=1")
    cells = page.locator(".lab-confusion button")
    expect(cells.first).to_be_visible()
    assert cells.evaluate_all("(cells) => cells.filter((cell) => cell.scrollWidth > cell.clientWidth).length") == 0


def test_on_a_projector_no_text_of_a_drawing_is_small(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/draw?present=1")
    board = page.locator(".lab-board canvas").bounding_box()
    assert board is not None
    page.mouse.move(board["x"] + 80, board["y"] + 70)
    page.mouse.down()
    page.mouse.move(board["x"] + 200, board["y"] + 230, steps=8)
    page.mouse.up()
    expect(page.locator(".stages")).to_be_visible()
    expect(page.locator(".lab-layers [style*=background-image]").first).to_be_visible()
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("name", ["", "steps", "layers", "inside", "mistakes", "runs"])
def test_on_a_projector_neither_the_menu_nor_any_page_has_small_text(
    server: LabServer, new_tab: Tabs, name: str
) -> None:
    run = add_run(server.store, epoch(1), epoch(2), epoch(3), Finished(), config=tiny_run())
    page = new_tab("about:blank")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{server.address}/{name}?present=1&compare={run}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")
    page.locator(SHOWN_LAST[name]).first.wait_for()
    assert page.evaluate(SMALL) == []
    menu = look(page, "header p", of="fontSize")
    assert menu and min(float(size.removesuffix("px")) for size in menu) >= 20


SHOWN_LAST = {
    "": ".lab-strip label",
    "steps": ".st-key-step-curves .main-svg",
    "layers": "table.plain",
    "inside": ".st-key-inside_kernels button",
    "mistakes": ".lab-confusion .wrong",
    "runs": ".st-key-overlay-accuracy .main-svg",
}
"""What a page shows when all of it is there."""


# --- Start ---------------------------------------------------------------------------------------------------------


def test_on_a_laptop_the_other_seed_that_one_may_want_is_seen_whole(server: LabServer, new_tab: Tabs) -> None:
    add_run(server.store, *map(epoch, range(1, 6)), Finished(), config=quick(step(3).config))
    page = new_tab(f"{server.address}/?step=3")
    expect(page.locator(".lab-strip label")).to_have_count(len(STEPS))  # which stands above it
    expect(page.get_by_role("button", name="Full", exact=True)).to_be_visible()
    seed = page.get_by_role("button", name="Use seed 2 for another curve")
    expect(seed).to_be_visible()
    box = seed.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= PROJECTOR["height"]


AROUND_THE_SEED = """() => {
    const offered = document.querySelector(".st-key-other-seed button").getBoundingClientRect();
    const said = document.createRange();
    said.selectNodeContents(document.querySelector(".st-key-extents [data-testid=stCaptionContainer] p"));
    const next = document.querySelector("[data-testid=stLayoutWrapper]:has(> .st-key-extents) + *");
    return [offered.top - said.getBoundingClientRect().bottom, next.getBoundingClientRect().top - offered.bottom];
}"""
"""How far it is from the words above the other seed to it, and from it to what follows."""


@pytest.mark.parametrize("name", ["", "steps", "train"])
def test_the_other_seed_stands_apart_from_the_sentence_above_it_and_from_what_follows(
    server: LabServer, new_tab: Tabs, name: str
) -> None:
    add_run(server.store, *map(epoch, range(1, 6)), Finished(), config=quick(step(3).config))
    page = new_tab(f"{server.address}/{name}?step=3")
    expect(page.get_by_role("button", name="Use seed 2 for another curve")).to_be_visible()
    assert min(page.evaluate(AROUND_THE_SEED)) >= 5  # a quarter of a line


# --- Train ---------------------------------------------------------------------------------------------------------

CUT_OFF = """() => {
    const words = [...document.querySelectorAll("[data-testid=stMain] :is(label, label *, button, button *, input)")];
    const hides = (one) => one.matches("input") || ["hidden", "clip"].includes(getComputedStyle(one).overflowX);
    return words.filter((one) => one.clientWidth > 5 && one.scrollWidth > one.clientWidth + 1 && hides(one))
        .map((one) => one.value || one.innerText).filter(Boolean);
}"""


@pytest.mark.parametrize("width", [1024, 1180])
def test_on_a_small_laptop_no_control_of_a_run_is_cut_off(server: LabServer, new_tab: Tabs, width: int) -> None:
    page = new_tab("about:blank")
    page.set_viewport_size({"width": width, "height": 768})
    page.goto(f"{server.address}/train?step=5")
    for name in ("Augmentation", "Learning rate", "Beyond", "Run"):
        page.get_by_role("tab", name=name, exact=True).click()
        panel = page.get_by_role("tabpanel", name=name, exact=True)
        expect(panel.locator("input:visible").first).to_be_visible()
        wait_until(lambda: page.evaluate(CUT_OFF) == [])


# --- Draw ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "below"), [("stSelectbox", ".lab-bars"), ("stCaptionContainer", ".lab-received")])
def test_what_is_said_of_the_network_stands_above_what_it_is_about(
    server: LabServer, new_tab: Tabs, what: str, below: str
) -> None:
    page = new_tab(f"{server.address}/draw")
    above = page.locator(f".st-key-who [data-testid={what}]")
    expect(above).to_be_visible()
    expect(page.locator(below)).to_be_visible()
    boxes = above.bounding_box(), page.locator(below).bounding_box()
    assert boxes[0] is not None and boxes[1] is not None
    assert abs(boxes[0]["x"] - boxes[1]["x"]) <= 2


# --- Runs ----------------------------------------------------------------------------------------------------------


def test_what_is_said_of_a_field_does_not_lie_over_what_is_typed_into_it(server: LabServer, new_tab: Tabs) -> None:
    add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1), name="a" * 110)
    page = new_tab(f"{server.address}/runs?compare={server.store.runs()[0].id}")
    page.get_by_role("button", name="Rename").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type("b")
    told = dialog.get_by_text("Press Enter")
    expect(told).to_be_visible()
    boxes = dialog.get_by_label("Name").bounding_box(), told.bounding_box()
    assert boxes[0] is not None and boxes[1] is not None
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] + 1


def test_the_switches_of_a_comparison_stand_in_one_line_with_its_download(server: LabServer, new_tab: Tabs) -> None:
    runs = [add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1, seed=seed)) for seed in (1, 2)]
    page = new_tab(f"{server.address}/runs?compare={runs[0]},{runs[1]}")
    expect(page.get_by_role("button", name="Download the comparison")).to_be_visible()
    for switch in ("Show every epoch", "Present"):
        expect(page.locator("label").filter(has_text=switch)).to_be_visible()
    line = ":is(.st-key-whole-overlay, .st-key-present) label, .st-key-download-comparison button"
    middles = [one["top"] + one["height"] / 2 for one in boxes(page, line)]
    assert len(middles) == 3
    assert max(middles) - min(middles) <= 2
