"""An open page learns, without a click, of what goes on elsewhere.

The runs here are begun and ended by the test, as another tab, another person or the command line would.
"""

import pytest
from app_pages import epoch, run_that_is
from browser.curves import wait_for_points
from browser.spoken import HIDE, SHOW, Speak, Spoken, Tabs
from examples import wait_until
from lab_server import LabServer
from playwright.sync_api import Page, WebSocket, expect

from lab.events import Finished

pytestmark = pytest.mark.usefixtures("speak")  # first, so that the tabs, which may follow the runs, are closed before


def opened(server: LabServer, new_tab: Tabs, page_name: str) -> Page:
    """A page that is drawn, and listens."""
    page = new_tab(f"{server.address}/{page_name}")
    listens(page)
    return page


def listens(page: Page) -> None:
    """Wait until a page is drawn and has been told what goes on elsewhere."""
    page.wait_for_function(LISTENS)


LISTENS = """() => window.labConnection?.elsewhere && document.querySelector("h1")
    && document.querySelector("[data-testid=stApp]").dataset.testScriptState === "notRunning" """


def mention(page: Page, run: Spoken) -> None:
    """Wait until a page says that the run trains."""
    expect(page.locator(".st-key-live-run")).to_contain_text(f"Run {run.run} is training")


@pytest.mark.parametrize("name", ["", "steps", "layers", "draw", "inside", "mistakes", "runs"])
def test_an_open_page_mentions_a_run_that_is_begun_elsewhere_and_no_longer_when_it_has_ended(
    server: LabServer, new_tab: Tabs, speak: Speak, name: str
) -> None:
    page = opened(server, new_tab, name)
    run = speak()
    mention(page, run)
    run.say(Finished())
    expect(page.locator(".st-key-live-run")).to_have_count(0)


@pytest.mark.parametrize("size", [(390, 844), (820, 1180), (1280, 720)])
@pytest.mark.parametrize("name", ["draw", "train"])
def test_a_mention_that_comes_and_goes_moves_nothing_and_covers_nothing(
    server: LabServer, new_tab: Tabs, speak: Speak, size: tuple[int, int], name: str
) -> None:
    ended = run_that_is("finished", server.store, "nobody")
    page = new_tab("about:blank")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{server.address}/{name}?run={ended}")
    listens(page)
    before = page.evaluate(PLACES)
    run = speak()
    mention(page, run)
    assert page.evaluate(PLACES) == before
    assert page.evaluate(COVERED) == []
    text = page.locator(".st-key-live-run p").filter(has_text=f"Run {run.run} is training").filter(visible=True)
    assert text.evaluate("text => getComputedStyle(text).textOverflow") == "ellipsis"  # where a name is too long
    line = page.locator(".st-key-live-run .lab-live-line")
    assert line.count() == (name != "train")  # a page has but one
    shown = line.evaluate_all("lines => lines.map((line) => getComputedStyle(line).display)")
    assert set(shown) <= {"block"}  # no other ends in dots where it is cut
    run.say(Finished())
    expect(page.locator(".st-key-live-run")).to_have_count(0)
    assert page.evaluate(PLACES) == before


PLACES = """() => [...document.querySelectorAll("h1, .st-key-run-head")].map((one) => {
    const { x, y, width } = one.getBoundingClientRect();
    return [x, y, width];
})"""
"""Where the parts of a page are that one looks at."""
COVERED = """() => {
    const mention = document.querySelector(".st-key-live-run").getBoundingClientRect();
    const others = document.querySelectorAll(
        "h1, [data-testid=stHeader] :is(a, button), [data-testid=stHeader] [data-testid=stTopNavSection]");
    return [...others].filter((one) => one.checkVisibility()).filter((one) => {
        const { left, right, top, bottom } = one.getBoundingClientRect();
        return left < mention.right && mention.left < right && top < mention.bottom && mention.top < bottom;
    }).map((one) => one.textContent);
}"""
"""What the mention lies over, of the menu and of the page."""


def test_train_shows_the_first_run_that_there_is_as_soon_as_it_is_begun_elsewhere(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    page = opened(server, new_tab, "train")
    run = speak()
    expect(page.get_by_text("running", exact=True)).to_be_visible()
    run.windows(2)
    assert wait_for_points(page, "loss", "train", more_than=1) == 2


def test_train_stays_with_the_ended_run_that_one_looks_at_and_mentions_another_that_begins(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    ended = run_that_is("finished", server.store, "nobody")
    page = opened(server, new_tab, f"train?run={ended}")
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    run = speak()
    mention(page, run)
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    assert f"run={ended}" in page.url
    page.get_by_role("button", name=f"Run {run.run} is training").click()
    expect(page.get_by_text("running", exact=True)).to_be_visible()


def test_the_table_of_runs_has_a_run_that_is_begun_elsewhere_and_keeps_what_was_ticked(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    old = run_that_is("finished", server.store, "nobody")
    page = opened(server, new_tab, f"runs?compare={old}")
    run = speak()
    rows = page.locator("[data-testid=stDataFrame] canvas tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(f"{run.run}")
    expect(page).to_have_url(f"{server.address}/runs?compare={old}")


def test_a_run_that_is_renamed_elsewhere_has_its_new_name_on_every_open_page(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    ended, run = run_that_is("finished", server.store, "nobody"), speak()
    runs, train = (opened(server, new_tab, name) for name in ("runs", f"train?run={run.run}"))
    for run_id, name in ((ended, "ended, and renamed"), (run.run, "live, and renamed")):
        server.store.rename(run_id, name)
        runs.bring_to_front()
        expect(runs.locator("[data-testid=stDataFrame] canvas tbody")).to_contain_text(name)
    train.bring_to_front()
    expect(train.locator(".st-key-run-head")).to_contain_text("live, and renamed")


def test_a_page_is_drawn_anew_once_for_what_goes_on_elsewhere_and_not_for_what_it_did_itself(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    asked: list[str | bytes] = []

    def note_frame(frame: str | bytes) -> None:
        if b"elsewhere" in (frame.encode() if isinstance(frame, str) else frame):
            asked.append(frame)

    def note(socket: WebSocket) -> None:
        if "/_stcore/stream" in socket.url:
            socket.on("framesent", note_frame)

    first = speak()
    page = new_tab("about:blank")
    page.on("websocket", note)
    page.goto(f"{server.address}/train?run={first.run}")
    listens(page)
    page.wait_for_function("() => document.querySelector('.st-key-rate .js-plotly-plot')")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    hears(page, f"{first.run}-running-pause")
    looks(page, 40)
    assert asked == []  # the page has drawn it for the click
    second = speak()
    mention(page, second)
    second.windows(20)
    second.say(epoch(1))
    looks(page, 40)
    assert len(asked) == 1


def hears(page: Page, word: str) -> None:
    """Wait until a page has been told this of what goes on elsewhere."""
    page.wait_for_function("word => window.labConnection.elsewhere?.some((one) => one.startsWith(word))", arg=word)


def looks(page: Page, many: int) -> None:
    """Let a page be for so many twentieths of a second."""
    page.evaluate("() => { window.looks = 0; setInterval(() => { window.looks += 1; }, 50); }")
    page.wait_for_function("many => window.looks >= many", arg=many, polling=50)


def test_a_tab_that_is_not_looked_at_listens_to_nothing_and_shows_all_once_it_is(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    channels: list[WebSocket] = []
    page = new_tab("about:blank")
    page.on("websocket", lambda socket: channels.append(socket) if "/live?" in socket.url else None)
    page.goto(f"{server.address}/runs")
    listens(page)
    page.evaluate(HIDE)
    wait_until(lambda: page.evaluate("1") == 1 and channels[-1].is_closed())
    run = speak()
    run.say(Finished())
    looks(page, 30)
    expect(page.get_by_text("No runs yet.")).to_be_visible()
    page.evaluate(SHOW)
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    assert [socket.url.split("/live?")[1] for socket in channels] == ["run=none"] * 2


def test_a_page_has_one_channel_whether_it_follows_a_run_or_none(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    open_channels: list[str] = []

    def note(socket: WebSocket) -> None:
        if "/live?" in socket.url:
            asked = socket.url.split("/live?")[1].split("&")[0]
            open_channels.append(asked)
            socket.on("close", lambda _: open_channels.remove(asked))

    page = new_tab("about:blank")
    page.on("websocket", note)
    page.goto(f"{server.address}/draw")
    listens(page)
    assert open_channels == ["run=none"]
    run = speak()
    mention(page, run)
    wait_until(lambda: page.evaluate("1") == 1 and open_channels == [f"run={run.run}"])
    run.say(Finished())
    expect(page.locator(".st-key-live-run")).to_have_count(0)
    wait_until(lambda: page.evaluate("1") == 1 and open_channels == ["run=none"])


def test_of_many_open_pages_each_is_drawn_anew_later_and_less_often(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    page = opened(server, new_tab, "")
    page.evaluate("[window.labConnection.pages, window.labShown.chance] = [300, 1]")
    run = speak()
    hears(page, f"{run.run}-running-run")
    looks(page, 40)
    expect(page.locator(".st-key-live-run")).to_have_count(0)
    page.evaluate("window.labConnection.pages = 2")
    mention(page, run)
