"""The app as a student meets it: in a browser, on a real server, with real training on the real digits."""

import re
from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import pytest
from browser.curves import points, wait_for_points
from examples import TINY_NETWORK, wait_until
from lab_server import LabServer
from playwright.sync_api import Page, expect

from lab.config import RunConfig
from lab.store import Store
from lab.training_config import Optimizer

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]

LIVE = RunConfig(
    network=TINY_NETWORK,
    optimizer=Optimizer(learning_rate=0.05),
    epochs=200,
    training_images=15_000,
    device="cpu",
)
"""A run that goes on for as long as a test looks at it, with several windows a second."""
SOON_DONE = 8
"""Epochs of a run that is to finish, but not before one has zoomed in."""


def start(server: LabServer, config: RunConfig = LIVE) -> int:
    """A run of the server's own worker, in training."""
    run_id = server.store.submit(config)
    until_kept(server, run_id, "running")
    return run_id


def until_kept(server: LabServer, run_id: int, status: str) -> None:
    """Wait until the run has this status in the store."""
    wait_until(lambda: server.store.run(run_id).status == status)


def status(page: Page, word: str) -> None:
    """Wait until the page says that the run is in this status."""
    expect(page.get_by_text(word, exact=True).first).to_be_visible()


def train_address(server: LabServer, run_id: int | None = None) -> str:
    return f"{server.address}/train" + (f"?run={run_id}" if run_id else "")


def finished_epochs(store: Store, run_id: int) -> list[int]:
    return [epoch.epoch for epoch in store.epochs([run_id])[run_id]]


def test_the_first_page_is_usable_soon_after_the_server_answers(server: LabServer, new_tab: Tabs) -> None:
    began = monotonic()
    page = new_tab(server.address)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Quick", exact=True)).to_be_enabled()
    seconds = monotonic() - began
    print(f"the first page was usable after {seconds:.1f} s")
    # 3 s is the aim, on a machine with nothing else to do; where trainings fill every core, only this much is certain.
    assert seconds < 15


def test_a_short_run_is_set_up_started_and_watched_to_its_end(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(train_address(server))
    page.get_by_role("tab", name="Run").click()
    for label, value in (("Training images", 2000), ("Epochs", 2)):
        page.get_by_label(label, exact=True).fill(str(value))
        page.get_by_label(label, exact=True).press("Enter")
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("2")
    page.get_by_role("button", name="Start training").click()
    first = wait_for_points(page, "loss", "train", more_than=0)
    assert wait_for_points(page, "loss", "train", more_than=first) > first
    status(page, "finished")
    wait_for_points(page, "accuracy", "test", more_than=1)
    assert points(page, "accuracy", "test") == points(page, "accuracy", "train, evaluated") == 2
    expect(page.locator(".st-key-loss .scatterlayer path.point")).to_have_count(2 + 2)  # drawn: two for each epoch
    (run,) = server.store.runs()
    assert (run.config.training_images, run.config.epochs) == (2000, 2)
    windows = sum(kept.event.kind == "window" for kept in server.store.events_after(run.id))
    assert points(page, "loss", "train") == points(page, "accuracy", "train") == windows
    legend = page.locator(".st-key-loss .legendtext").all_text_contents()
    assert {"train", "train, evaluated", "test"} <= set(legend), legend
    last = server.store.epochs([run.id])[run.id][-1]
    assert last.test_accuracy > 50  # real digits, really learned
    expect(page.locator("[data-moves=last]")).to_have_text(f"{last.test_accuracy:.2f} %")


def test_pause_go_on_and_stop_act_within_seconds(server: LabServer, new_tab: Tabs) -> None:
    run_id = start(server)
    page = new_tab(train_address(server, run_id))
    wait_for_points(page, "loss", "train", more_than=0)
    for button, word in (("Pause", "paused"), ("Resume", "running"), ("Stop", "stopped")):
        began = monotonic()
        page.get_by_role("button", name=button, exact=True).click()
        until_kept(server, run_id, word)
        print(f"{button} took {monotonic() - began:.1f} s")
        assert monotonic() - began < 10  # one second on an idle machine
        status(page, word)
        if word == "running":
            wait_for_points(page, "loss", "train", more_than=points(page, "loss", "train"))
    kinds = [kept.event.kind for kept in server.store.events_after(run_id)]
    assert kinds.index("resumed") == kinds.index("paused") + 1  # no iteration in between
    assert "window" in kinds[kinds.index("resumed") :]
    assert kinds[-1] == "stopped"
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_a_refresh_finds_the_run_again_and_it_has_gone_on(server: LabServer, new_tab: Tabs) -> None:
    start(server)
    page = new_tab(train_address(server))
    before = wait_for_points(page, "loss", "train", more_than=0)
    page.reload()
    status(page, "running")
    wait_for_points(page, "loss", "train", more_than=before)


def test_a_second_tab_sees_the_same_run_grow(server: LabServer, new_tab: Tabs) -> None:
    run_id = start(server)
    tabs = [new_tab(train_address(server)) for _ in range(2)]
    for page in tabs:
        expect(page.get_by_text(f"run {run_id},")).to_be_visible()
        seen = wait_for_points(page, "loss", "train", more_than=0)
        wait_for_points(page, "loss", "train", more_than=seen)


@pytest.mark.parametrize("ending", ["stopped", "finished"])
def test_a_zoom_survives_the_next_redraws_and_the_end_of_the_run(server: LabServer, new_tab: Tabs, ending: str) -> None:
    """What a finished run says, and where it leads, stands above its charts, and is not there while it trains."""
    run_id = start(server, LIVE if ending == "stopped" else replace(LIVE, epochs=SOON_DONE))
    page = new_tab(train_address(server, run_id))
    wait_for_points(page, "loss", "train", more_than=0)
    whole = zoom(page)
    left, top, width, height = page.evaluate(PLOT_AREA)
    page.mouse.move(left + 0.2 * width, top + 0.3 * height)
    page.mouse.down()
    page.mouse.move(left + 0.4 * width, top + 0.5 * height, steps=5)
    page.mouse.move(left + 0.6 * width, top + 0.7 * height, steps=5)
    page.mouse.up()
    page.wait_for_function(f"whole => JSON.stringify(({ZOOM})()) !== JSON.stringify(whole)", arg=whole)
    zoomed = zoom(page)
    assert zoomed["x"][1] - zoomed["x"][0] < 0.5 * (whole["x"][1] - whole["x"][0])
    if ending == "stopped":
        seen = points(page, "loss", "train")
        for _ in range(3):
            seen = wait_for_points(page, "loss", "train", more_than=seen)
            assert zoom(page) == zoomed
        server.store.send(run_id, "stop")
    status(page, ending)
    expect(page.get_by_role("button", name="Look inside it")).to_be_visible()
    assert zoom(page) == zoomed


PLOT_AREA = """() => {
    const box = document.querySelector('.st-key-loss .nsewdrag').getBoundingClientRect();
    return [box.left, box.top, box.width, box.height];
}"""
ZOOM = """() => {
    const layout = document.querySelector('.st-key-loss .js-plotly-plot')._fullLayout;
    return {x: [...layout.xaxis.range], y: [...layout.yaxis.range]};
}"""


def zoom(page: Page) -> dict[str, list[float]]:
    """The ranges of both axes of the loss chart."""
    ranges: dict[str, list[float]] = page.evaluate(ZOOM)
    return ranges


def test_an_axis_that_a_double_click_has_follow_its_curve_does_so(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(train_address(server, start(server)))
    wait_for_points(page, "loss", "train", more_than=0)
    left, top, width, height = page.evaluate(PLOT_AREA)
    page.mouse.dblclick(left + width / 2, top + height / 2)  # Plotly's way to say so
    page.wait_for_function(f"whole => ({ZOOM})().x[1] < whole", arg=LIVE.epochs / 2)
    seen = zoom(page)["x"][1]
    page.wait_for_function(f"seen => ({ZOOM})().x[1] > seen", arg=seen)


def test_a_refresh_draws_no_chart_anew_that_did_not_change(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(train_address(server, start(server)))
    seen = wait_for_points(page, "loss", "train", more_than=0)
    page.wait_for_function("() => document.querySelector('.st-key-planned-rate .js-plotly-plot')")
    page.evaluate(COUNT_DRAWINGS)
    for _ in range(2):
        seen = wait_for_points(page, "loss", "train", more_than=seen)
    assert page.evaluate("window.drawings") == 0


COUNT_DRAWINGS = """() => {
    window.drawings = 0;
    document.querySelector('.st-key-planned-rate .js-plotly-plot').on('plotly_afterplot', () => window.drawings++);
}"""


def test_the_server_watches_no_source_files(server: LabServer, new_tab: Tabs) -> None:
    expect(new_tab(server.address).get_by_role("button", name="Quick", exact=True)).to_be_enabled()
    assert server.watched_folders() == 0


def test_a_chart_is_as_wide_as_its_column_also_in_a_tab_that_was_closed_and_in_another_window(
    server: LabServer, new_tab: Tabs
) -> None:
    page = new_tab(train_address(server))
    expect(page.locator(".st-key-accuracy .js-plotly-plot")).to_be_visible()
    page.get_by_role("tab", name="Learning rate").click()
    for width in (1280, 1100):
        page.set_viewport_size({"width": width, "height": 720})
        for chart in ("planned-rate", "accuracy"):
            page.wait_for_function(FILLS_ITS_COLUMN, arg=chart)


FILLS_ITS_COLUMN = """chart => {
    const column = document.querySelector(`.st-key-${chart}`).clientWidth;
    return column > 0 && document.querySelector(`.st-key-${chart} .main-svg`)?.clientWidth === column;
}"""


def test_a_killed_server_leaves_an_interrupted_run_that_resume_finishes(
    own_server: LabServer, new_tab: Tabs, complaints: list[str]
) -> None:
    epochs = 5
    run_id = start(own_server, replace(LIVE, epochs=epochs))
    page = new_tab(train_address(own_server, run_id))
    wait_until(lambda: len(finished_epochs(own_server.store, run_id)) >= 2)
    own_server.kill()
    kept = finished_epochs(own_server.store, run_id)
    assert len(kept) < epochs
    page.close()
    # Chromium reports what that tab could not load, Streamlit that its connection broke; that is what was asked for.
    complaints[:] = [text for text in complaints if not re.search(r"net::ERR_|WebSocket onerror", text)]

    own_server.start()
    page = new_tab(train_address(own_server, run_id))
    status(page, "interrupted")
    kept_words = f"Its {len(kept)} finished epochs are kept"
    expect(page.get_by_text(kept_words)).to_be_visible()
    wait_for_points(page, "loss", "test", more_than=len(kept) - 1)
    assert points(page, "loss", "test") == len(kept)
    page.get_by_role("button", name="Resume").click()
    status(page, "finished")
    wait_for_points(page, "loss", "test", more_than=epochs - 1)
    assert finished_epochs(own_server.store, run_id) == list(range(1, epochs + 1))
