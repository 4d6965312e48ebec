"""What one looks at stays where it is while runs begin, train, end and go, here and elsewhere; and all of it fits."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from app_pages import epoch, run_that_is
from browser.spoken import CONFIG, Speak, Spoken
from browser.test_elsewhere import listens, mention
from lab_server import LabServer
from playwright.sync_api import Page, ViewportSize, expect

from lab.config import RunConfig
from lab.events import Failed, Finished, Stopped
from lab.figures import LARGE
from lab.quick import quick
from lab.steps import step

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]
pytestmark = pytest.mark.usefixtures("speak")  # first, so that the tabs, which may follow the runs, are closed before
PHONE, TABLET, LAPTOP, WIDE = (390, 844), (820, 1180), (1280, 720), (1920, 1080)
STILL = 2
"""Pixels that no eye notices."""


@pytest.fixture(params=[PHONE, TABLET, LAPTOP, WIDE], ids=["phone", "tablet", "laptop", "wide"])
def page(new_tab: Tabs, request: pytest.FixtureRequest) -> Page:
    """A tab on each of four screens."""
    page = new_tab("about:blank")
    page.set_viewport_size(ViewportSize(width=request.param[0], height=request.param[1]))
    return page


TOPS = """(selector) => {
    const scrolled = document.querySelector("[data-testid=stMain]").scrollTop;
    const found = [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
    return found.map((one) => Math.round(one.getBoundingClientRect().top + scrolled));
}"""
SETTLED = f"""(selector) => {{
    const app = document.querySelector("[data-testid=stApp]");
    const told = app.dataset.testScriptState === "notRunning" && !app.querySelector("[data-testid=stSkeleton]");
    const now = told && String(({TOPS})(selector));
    const at = performance.now();
    if (window.settled?.what !== selector + now) window.settled = {{ what: selector + now, since: at }};
    return now && at - window.settled.since > 1000;
}}"""
"""On a busy machine a page may stand still for a second of which its script has told half only."""


def tops(page: Page, selector: str) -> list[int]:
    """How far below the page's beginning each of them stands, once all has been drawn."""
    page.wait_for_function(SETTLED, arg=selector)
    found: list[int] = page.evaluate(TOPS, selector)
    return found


def assert_still(before: list[int], after: list[int]) -> None:
    assert before and len(before) == len(after)
    assert max(abs(one - other) for one, other in zip(before, after, strict=True)) <= STILL, (before, after)


# --- a run ---------------------------------------------------------------------------------------------------------

WATCHED = ".figures, .st-key-loss, .st-key-accuracy, .st-key-rate, .checks"
LONG_REASON = "Training stopped with an error: " + "no kernel image is available for execution on the device, " * 12
NEXT_STEP = (step(3).config, 9739)
OWN = (replace(CONFIG, evaluate_on="validation", batch_size=128), 9702)
"""Of a step another one comes next; of settings of one's own the longest sentence is said."""


def watch(page: Page, server: LabServer, run: Spoken, query: str = "") -> None:
    """Look at the run until its charts are drawn."""
    page.goto(f"{server.address}/train?run={run.run}{query}")
    for chart in ("loss", "accuracy", "rate"):
        page.wait_for_function(f"() => document.querySelector('.st-key-{chart} .js-plotly-plot .main-svg')")
    page.wait_for_function("() => window.labLive.axes !== null")  # it has been told how the run stands


@pytest.mark.parametrize(
    ("config", "correct", "present"),
    [(*NEXT_STEP, ""), (*OWN, ""), (*OWN, "&present=1")],
    ids=["a step", "own settings", "present"],
)
def test_no_chart_moves_when_a_run_ends(
    server: LabServer, page: Page, speak: Speak, config: RunConfig, correct: int, present: str
) -> None:
    run = speak(replace(config, device="cpu"))
    watch(page, server, run, present)
    run.windows(3)
    expect(page.locator(".lab-live-line")).to_contain_text("Epoch 1 of")
    before = tops(page, WATCHED)
    run.say(*(epoch(number, correct) for number in range(1, config.epochs + 1)), Finished())
    expect(page.locator(".st-key-standing")).to_contain_text("Next:")
    assert_still(before, tops(page, WATCHED))


@pytest.mark.parametrize("page", [PHONE, LAPTOP], indirect=True, ids=["phone", "laptop"])
@pytest.mark.parametrize(
    "ending",
    [Stopped(), Failed(reason="The loss is no longer a finite number."), Failed(reason=LONG_REASON)],
    ids=["stopped", "failed", "failed for a long reason"],
)
def test_no_chart_moves_when_a_run_ends_early(
    server: LabServer, page: Page, speak: Speak, ending: Stopped | Failed
) -> None:
    run = speak(CONFIG)
    watch(page, server, run)
    run.windows(20)
    run.say(epoch(1))
    expect(page.locator(".figures")).to_contain_text("99.00")
    before = tops(page, WATCHED)
    run.say(ending)
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert_still(before, tops(page, WATCHED))
    if isinstance(ending, Failed):
        said = page.get_by_role("alert")
        said.evaluate("said => said.scrollTo(0, said.scrollHeight)")
        expect(said).to_contain_text(ending.reason)
        assert said.evaluate("said => said.scrollTop + said.clientHeight >= said.scrollHeight - 1")


@pytest.mark.parametrize("page", [PHONE, LAPTOP], indirect=True, ids=["phone", "laptop"])
def test_no_chart_moves_when_a_guess_is_held_against_the_result(server: LabServer, page: Page, speak: Speak) -> None:
    run = speak(CONFIG)
    watch(page, server, run, "&guess=2")
    before = tops(page, WATCHED)
    run.say(*(epoch(number, 9350) for number in range(1, 16)), Finished())
    expect(page.locator(".guessed")).to_contain_text("points less")
    assert_still(before, tops(page, WATCHED))


# --- a start -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "below"), [("", "[class*=two-sides] [data-testid=stPageLink]"), ("train", "[data-testid=stTabs]")]
)
def test_what_stands_below_quick_stays_when_a_run_would_only_repeat_another(
    server: LabServer, page: Page, speak: Speak, name: str, below: str
) -> None:
    watched = run_that_is("finished", server.store, "nobody")  # so that Train does not change to the one that begins
    page.goto(f"{server.address}/{name}?step=3&run={watched}")
    listens(page)
    expect(page.locator(below).first).to_be_visible()
    before = tops(page, f".st-key-extents, {below}")
    speak(quick(step(3).config))
    expect(page.get_by_role("button", name="Use seed 2")).to_be_visible()
    assert_still(before, tops(page, f".st-key-extents, {below}"))


# --- elsewhere -----------------------------------------------------------------------------------------------------

LOOKED_AT = "h1, .lab-board canvas, .lab-answer, .lab-strip, .lab-chart-frame, .lab-confusion, .lab-tiles, .st-key-who"


@pytest.mark.parametrize("page", [TABLET], indirect=True, ids=["tablet"])
@pytest.mark.parametrize("name", ["", "steps", "train", "layers", "draw", "inside", "mistakes"])
def test_nothing_moves_when_a_run_begins_elsewhere_and_ends(
    server: LabServer, page: Page, speak: Speak, name: str
) -> None:
    old = run_that_is("finished", server.store, "nobody")
    page.goto(f"{server.address}/{name}?run={old}")
    listens(page)
    before = tops(page, LOOKED_AT)
    run = speak(CONFIG)
    mention(page, run)
    assert_still(before, tops(page, LOOKED_AT))
    run.windows(3)
    run.say(*map(epoch, range(1, 16)), Finished())
    expect(page.locator(".st-key-live-run")).to_have_count(0)
    assert_still(before, tops(page, LOOKED_AT))


@pytest.mark.parametrize("page", [PHONE, LAPTOP], indirect=True, ids=["phone", "laptop"])
@pytest.mark.parametrize("many", [1, 8])
def test_nothing_below_the_runs_moves_when_one_comes_and_goes_elsewhere(
    server: LabServer, page: Page, speak: Speak, many: int
) -> None:
    old, *_ = [run_that_is("finished", server.store, "nobody") for _ in range(many)]
    page.goto(f"{server.address}/runs?compare={old}")
    listens(page)
    expect_listed(page, many)
    below = ".st-key-run-actions, .st-key-overlay-accuracy, .st-key-comparison"
    before = tops(page, below)
    run = speak(CONFIG)
    expect_listed(page, many + 1)
    assert_still(before, tops(page, below))
    server.store.delete(run.run)
    expect_listed(page, many)
    assert_still(before, tops(page, below))


def expect_listed(page: Page, many: int) -> None:
    """So many runs are in the table or, on a phone, are cards."""
    cards, grid = page.locator(".lab-cards button"), page.locator("[data-testid=stDataFrame] [role=grid]")
    if page.viewport_size == ViewportSize(width=PHONE[0], height=PHONE[1]):
        expect(cards).to_have_count(many)
    else:
        expect(grid).to_have_attribute("aria-rowcount", str(many + 1))  # with its head
        expect(cards).to_have_count(0)  # nobody sees them


@pytest.mark.parametrize("page", [LAPTOP], indirect=True, ids=["laptop"])
def test_the_runs_stay_where_they_are_when_one_that_was_chosen_is_deleted_elsewhere(
    server: LabServer, page: Page
) -> None:
    first, other = (run_that_is("finished", server.store, "nobody") for _ in range(2))
    page.goto(f"{server.address}/runs?compare={first},{other}")
    listens(page)
    at_hand = "[data-testid=stDataFrame], .st-key-run-actions"
    before = tops(page, at_hand)
    server.store.delete(other)
    page.evaluate("window.labDrawAnew('elsewhere')")
    expect(page.get_by_text(f"These runs are not here, or were deleted: {other}.")).to_be_visible()
    assert_still(before, tops(page, at_hand))


@pytest.mark.parametrize("page", [TABLET, LAPTOP], indirect=True, ids=["tablet", "laptop"])
def test_the_square_stays_when_it_is_said_late_which_network_reads(server: LabServer, page: Page) -> None:
    """On a busy machine, or while torch is imported, that takes seconds; the page is drawn meanwhile."""
    page.goto(f"{server.address}/draw")
    listens(page)
    said = page.locator(".st-key-who [data-testid=stCaptionContainer]")
    expect(said).to_be_visible()
    square = ".lab-board canvas"
    before = tops(page, square)
    said.evaluate("said => said.closest('[data-testid=stElementContainer]').remove()")
    assert_still(before, tops(page, square))


@pytest.mark.parametrize("page", [TABLET, WIDE], indirect=True, ids=["tablet", "wide"])
def test_the_square_stays_where_it_stood_first_while_the_rest_of_its_page_comes(server: LabServer, page: Page) -> None:
    """What stands above it is drawn piece by piece; a quick hand draws already."""
    page.add_init_script(NOTE_SQUARE)
    page.goto(f"{server.address}/draw")
    listens(page)
    tops(page, ".lab-board canvas")
    seen = page.evaluate("window.squares")
    assert max(seen) - min(seen) <= STILL, seen


NOTE_SQUARE = """
    window.squares = [];
    const look = () => {
        const square = document.querySelector(".lab-board canvas");
        if (square) window.squares.push(Math.round(square.getBoundingClientRect().top));
        requestAnimationFrame(look);
    };
    look();
"""
"""At every frame: how far below the page's beginning the square stands."""


# --- what has little room ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [PHONE, TABLET], indirect=True, ids=["phone", "tablet"])
@pytest.mark.parametrize("present", ["", "?present=1"], ids=["", "present"])
def test_of_a_mention_the_time_left_is_seen_to_its_end(
    server: LabServer, page: Page, speak: Speak, present: str
) -> None:
    run = speak(CONFIG)
    run.windows(40)
    page.goto(f"{server.address}/draw{present}")
    line = page.locator(".st-key-live-run .lab-live-line")
    expect(line).to_have_text(re.compile(" left$"))
    assert line.evaluate("line => line.scrollWidth <= line.clientWidth")


@pytest.mark.parametrize("page", [LAPTOP], indirect=True, ids=["laptop"])
def test_runs_are_listed_in_large_type_while_pages_are_shown_large(server: LabServer, page: Page) -> None:
    """A table of Streamlit's is drawn on a canvas, which does not grow: cards stand in its place, as on a phone."""
    first, other = (run_that_is("finished", server.store, "nobody") for _ in range(2))
    page.goto(f"{server.address}/runs?compare={first}")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    page.get_by_text("Present", exact=True).click()
    expect(page.get_by_test_id("stDataFrame")).to_be_hidden()
    cards = page.locator(".lab-cards button")
    expect(cards).to_have_count(2)
    assert float(cards.first.evaluate("card => parseFloat(getComputedStyle(card).fontSize)")) >= LARGE
    cards.first.click()
    expect(page).to_have_url(re.compile(f"compare={first}%2C{other}&"))


@pytest.mark.parametrize("page", [LAPTOP, WIDE], indirect=True, ids=["laptop", "wide"])
def test_the_layers_are_typed_into_a_table_whose_type_is_as_large_as_the_page(server: LabServer, page: Page) -> None:
    """Opened so, switched to, and switched back."""
    grid = page.get_by_test_id("stDataFrame")
    page.goto(f"{server.address}/layers?step=3&present=1")
    page.wait_for_function(AS_LARGE_AS_THE_PAGE)
    expect(grid).to_have_count(1)  # the one before has gone
    large = grid.bounding_box()
    page.get_by_text("Present", exact=True).click()
    expect(page.get_by_text("Present", exact=True)).to_have_count(0)
    page.wait_for_function(AS_LARGE_AS_THE_PAGE)
    expect(grid).to_have_count(1)
    usual = grid.bounding_box()
    assert large is not None and usual is not None and usual["height"] < large["height"]


AS_LARGE_AS_THE_PAGE = """() => {
    const table = [...document.querySelectorAll("[class*=st-key-layer_sheet] [data-testid=stDataFrame]")].at(-1);
    const rows = table?.querySelectorAll("canvas tbody tr").length;
    const row = 2.1875 * parseFloat(getComputedStyle(document.documentElement).fontSize);
    return rows > 0 && Math.abs(table.clientHeight / (rows + 2) - row) < 1;
}"""
"""Streamlit's rows, its head and the row that appends are 2.1875 times as high as the page's type."""


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
@pytest.mark.parametrize("name", ["", "steps", "train", "layers", "draw", "inside", "mistakes", "runs"])
@pytest.mark.parametrize("present", ["", "&present=1"], ids=["", "present"])
def test_no_page_is_wider_than_its_screen(server: LabServer, page: Page, name: str, present: str) -> None:
    run = run_that_is("finished", server.store, "nobody")
    page.goto(f"{server.address}/{name}?compare={run}{present}")
    listens(page)
    page.wait_for_function(FITS)


FITS = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return main.scrollWidth <= main.clientWidth;
}"""
