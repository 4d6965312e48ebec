"""What is left of a page that was left does nothing more."""

from browser.spoken import Speak, Tabs, go_to, watch
from lab_server import LabServer
from playwright.sync_api import expect

from lab.ui import channel

expect.set_options(timeout=90_000)


def test_a_chart_of_a_left_page_takes_in_nothing_more(server: LabServer, new_tab: Tabs, speak: Speak) -> None:
    """The page that follows it hears of the run too: it mentions that it trains."""
    run = speak()
    run.windows(3)
    page = watch(server, new_tab, run)
    page.evaluate(KEEP_WHAT_IS_LEFT)
    run.window()
    page.wait_for_function("() => window.left.points() === 4")
    go_to(page, "Runs")
    page.evaluate("window.labLive.addEventListener('grown', () => { window.left.told = window.labLive.cursor; })")
    run.windows(2)
    newest = max(kept.id for kept in server.store.events_after(run.run))
    page.wait_for_function("newest => window.left.told >= newest", arg=newest)
    assert page.evaluate("window.left.points()") == 4


KEEP_WHAT_IS_LEFT = """() => {
    const plot = document.querySelector(".st-key-loss .js-plotly-plot");
    const points = () => plot.data.find(curve => curve.name === "train").x.length;
    window.left = { plot, points, told: 0, asked: 0 };
}"""


def test_a_chart_that_is_dragged_while_its_page_is_left_waits_for_no_end_of_that(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(3)
    page = watch(server, new_tab, run)
    page.evaluate(KEEP_WHAT_IS_LEFT)
    page.evaluate(DRAG_FOR_EVER)
    run.window()
    page.wait_for_function("() => window.left.asked > 2")
    assert page.evaluate("window.left.points()") == 3  # it is not drawn below a hand
    go_to(page, "Runs")
    page.evaluate("window.left.asked = 0")
    assert page.evaluate(PASS_TEN_TURNS) <= 1


DRAG_FOR_EVER = """() => Object.defineProperty(window.left.plot, "_dragging", {
    get: () => { window.left.asked += 1; return true; },
    set() {},
})"""
PASS_TEN_TURNS = """async () => {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((done) => setTimeout(done, 100));
    return window.left.asked;
}"""
"""Ten times as long as a chart waits before it asks again; returns how often it has."""


def test_a_drawing_of_the_channel_that_comes_too_late_ends_nothing(server: LabServer, new_tab: Tabs) -> None:
    """Streamlit ends each drawing that another one has overtaken, once it is done; both have drawn into one place."""
    page = new_tab(server.address)
    expect(page.get_by_role("button", name="Quick", exact=True)).to_be_visible()
    assert page.evaluate(OVERTAKEN, [channel._JS, channel._HTML]) == [7, None]


OVERTAKEN = """async ([script, html]) => {
    const { default: draw } = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    const parentElement = document.body.appendChild(document.createElement("div"));
    parentElement.innerHTML = html;
    const data = { run: 7, state: "running", cursor: 0, follows: true, text: "", share: 0 };
    const [late, last] = [draw({ parentElement, data }), draw({ parentElement, data })];
    late();
    const overtaken = window.labConnection.follower.run;
    parentElement.remove();
    last();
    return [overtaken, window.labConnection.follower.run ?? null];
}"""
"""Which run the page follows when the first of two drawings is ended, and when the second is, its place gone."""
