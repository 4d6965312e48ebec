"""Runs beside each other, in a browser: forks, several seeds, and a comparison that one can read and hand on."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlencode

import pytest
from app_pages import add_run, epoch
from browser.curves import wait_for_points
from examples import tiny_run, wait_until
from lab_server import LabServer
from playwright.sync_api import Locator, Page, expect

from lab.address import to_address
from lab.config import RunConfig
from lab.events import Finished
from lab.training_config import Optimizer

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]


def finished(server: LabServer, rate: float, corrects: list[int], **changes: object) -> int:
    """A run that nobody trained, with this learning rate and these test images right after each epoch."""
    config = tiny_run(epochs=len(corrects), optimizer=Optimizer(learning_rate=rate), **changes)
    told = [epoch(number, correct) for number, correct in enumerate(corrects, start=1)]
    return add_run(server.store, *told, Finished(), config=config)


def trained(server: LabServer, config: RunConfig) -> int:
    """A run that the server's own worker has trained."""
    run = server.store.submit(config)
    wait_until(lambda: server.store.run(run).status == "finished")
    return run


def set_learning_rate(page: Page, typed: str) -> None:
    page.get_by_role("tab", name="Learning rate").click()
    page.get_by_role("textbox", name="Learning rate", exact=True).fill(typed)
    page.get_by_role("textbox", name="Learning rate", exact=True).press("Enter")


def open_section(page: Page, key: str) -> None:
    """Returns when it has opened: a button in it moves until then, maybe between being pressed and released."""
    section = f".st-key-{key} details"
    page.locator(f"{section} summary").click()
    page.wait_for_function(
        "at => { const it = document.querySelector(at); return it.open && !it.getAnimations({subtree: true}).length }",
        arg=section,
    )


def compare(server: LabServer, new_tab: Tabs, runs: list[int]) -> Page:
    page = new_tab(f"{server.address}/runs?compare={','.join(map(str, runs))}")
    expect(page.locator(".st-key-overlay-accuracy .main-svg").first).to_be_visible()
    return page


def lines(page: Page) -> list[list[str]]:
    """The comparison, line by line, its head first."""
    rows = page.locator(".st-key-comparison tr")
    expect(rows).not_to_have_count(0)
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


RESULTS = ("Last ", "Best ", "Train −", "Wrong of", "Epochs done", "Training time", "Parameters", "Computed in")


def settings(page: Page) -> list[list[str]]:
    """The lines that say how the runs were set up."""
    return [line for line in lines(page)[1:] if not line[0].startswith(RESULTS)]


def differ(line: list[str]) -> bool:
    return len(set(line[1:])) > 1


# --- more runs from one -------------------------------------------------------------------------------------------


def test_the_open_tab_stays_open_when_a_sentence_above_it_goes(server: LabServer, new_tab: Tabs) -> None:
    run = finished(server, 0.01, [9000])
    page = new_tab(f"{server.address}/train?run={run}")
    expect(page.get_by_text(f"repeats run {run}")).to_be_visible()
    set_learning_rate(page, "0.001")
    expect(page.get_by_text(f"repeats run {run}")).to_have_count(0)
    expect(page.get_by_role("tab", name="Learning rate")).to_have_attribute("aria-selected", "true")


def test_a_fork_trains_from_an_epoch_of_a_run_that_it_names(server: LabServer, new_tab: Tabs) -> None:
    parent = trained(server, tiny_run())
    page = new_tab(f"{server.address}/train?run={parent}")
    set_learning_rate(page, "0.001")
    open_section(page, "fork")
    page.get_by_role("button", name="Fork after epoch 2").click()
    page.wait_for_url(re.compile(rf"run={parent + 1}\b"))
    expect(page.get_by_text(f"from run {parent}, epoch 2")).to_be_visible()
    expect(page.get_by_text("finished", exact=True).first).to_be_visible()
    assert wait_for_points(page, "accuracy", "test", more_than=2) == 3
    fork, origin = server.store.runs()
    assert (fork.parent, fork.parent_epoch) == (origin.uuid, 2)
    assert fork.config == replace(origin.config, optimizer=replace(origin.config.optimizer, learning_rate=0.001))
    accuracies = {run: [one.test_accuracy for one in server.store.epochs([run])[run]] for run in (parent, fork.id)}
    assert accuracies[fork.id][:2] == accuracies[parent][:2]


def test_several_seeds_are_trained_and_stand_as_a_mean_in_a_band(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/train?{urlencode(to_address(tiny_run(epochs=2)))}")
    page.get_by_role("button", name="Train several seeds").click()
    for _ in range(2):
        page.get_by_role("slider", name="How many seeds").press("ArrowLeft")
    page.get_by_role("button", name="Start 3 runs").click()
    expect(page.get_by_role("slider", name="How many seeds")).to_have_count(0)  # a second click starts no more
    wait_until(lambda: [run.status for run in server.store.runs()] == ["finished"] * 3)
    assert sorted(run.config.seed for run in server.store.runs()) == [1, 2, 3]
    page = compare(server, new_tab, [run.id for run in server.store.runs()])
    chart = page.locator(".st-key-overlay-accuracy")
    expect(chart.locator(".legendtext")).to_have_count(1)
    expect(chart.locator(".scatterlayer .js-fill")).to_have_count(1)
    expect(chart.locator(".scatterlayer .js-line")).to_have_count(1 + 3 + 1)  # the band's edge, the seeds, the mean
    last = next(line for line in lines(page) if line[0].startswith("Last"))
    assert re.fullmatch(r"\d+\.\d\d\s±\s\d+\.\d\d \(3\)", last[1])


# --- side by side -------------------------------------------------------------------------------------------------


def test_five_close_runs_can_be_told_apart(server: LabServer, new_tab: Tabs) -> None:
    """They run within 0.08 points of each other, where all began at 90 %, and two of them end alike, twice."""
    runs = [
        finished(
            server,
            0.01 * (1 + number),
            [9000, *[9920 + 2 * number + end % 2 for end in range(13)], 9925 + number // 2],
        )
        for number in range(5)
    ]
    page = compare(server, new_tab, runs)
    chart = page.locator(".st-key-overlay-accuracy")
    labels = chart.locator(".annotation-text").filter(has_text="run")
    expect(labels).to_have_text([f"run {run}" for run in runs])
    boxes = sorted((box(label) for label in labels.all()), key=lambda box: box["y"])
    for upper, lower in pairwise(boxes):
        assert upper["y"] + upper["height"] <= lower["y"]
    plot = box(chart.locator(".nsewdrag").first)
    heights: list[float] = chart.locator(".scatterlayer .trace").evaluate_all(LAST_THIRD)
    assert len(heights) == 5 * 5
    assert 0.4 <= (max(heights) - min(heights)) / plot["height"] <= 0.6
    assert plot["y"] <= min(heights) and max(heights) <= plot["y"] + plot["height"]


def test_on_a_phone_the_curves_of_groups_have_most_of_the_chart(server: LabServer, new_tab: Tabs) -> None:
    runs = [
        finished(server, rate, [9800 + seed, 9900 + seed] * 7, seed=seed)
        for rate in (0.01, 0.02)
        for seed in range(1, 5)
    ]
    page = compare(server, new_tab, runs)
    chart = page.locator(".st-key-overlay-accuracy")
    labels = chart.locator(".annotation-text").filter(has_text="run")
    wide = [f"4 seeds from run {runs[0]}", f"4 seeds from run {runs[4]}"]
    expect(labels).to_have_text(wide)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(labels).to_have_text([f"run {runs[0]} +3", f"run {runs[4]} +3"])
    whole, plot = (chart.locator(part).first.bounding_box() for part in (".main-svg", ".nsewdrag"))
    assert whole and plot and plot["width"] > 0.5 * whole["width"]
    for label in labels.all():
        found = label.bounding_box()
        assert found and found["x"] + found["width"] <= whole["x"] + whole["width"]
    epochs = [found for tick in chart.locator(".xtick text").all() if (found := tick.bounding_box())]
    assert all(left["x"] + left["width"] < right["x"] for left, right in pairwise(epochs))
    page.set_viewport_size({"width": 1280, "height": 720})
    expect(labels).to_have_text(wide)


LAST_THIRD = """traces => traces.flatMap(trace => [...trace.querySelectorAll("path.point")].slice(-5).map(point => {
    const { top, bottom } = point.getBoundingClientRect();
    return (top + bottom) / 2;
}))"""
"""How far down the page the points of each line's last five epochs stand."""


def box(element: Locator) -> dict[str, float]:
    found = element.bounding_box()
    assert found is not None
    return {"y": found["y"], "height": found["height"]}


def test_an_address_opens_its_runs_with_the_lines_that_differ_first_or_alone(server: LabServer, new_tab: Tabs) -> None:
    runs = [finished(server, rate, [9800, 9900], seed=seed) for rate, seed in ((0.05, 1), (0.02, 1), (0.01, 2))]
    page = compare(server, new_tab, [runs[0], runs[2]])
    assert lines(page)[0][1:] == [f"Run {runs[0]}", f"Run {runs[2]}"]
    assert {line[0] for line in settings(page)} == {"Optimiser", "Seed"}
    switch = page.get_by_role("switch", name="Differences only")
    expect(switch).to_be_checked()
    page.get_by_text("Differences only").click()
    expect(page.locator(".st-key-comparison tr").filter(has_text="Batch size")).to_be_visible()
    different = [differ(line) for line in settings(page)]
    assert different == sorted(different, reverse=True) and sum(different) == 2 < len(different)
    page.get_by_text("Differences only").click()
    expect(page.locator(".st-key-comparison tr").filter(has_text="Batch size")).to_have_count(0)
    assert [line[0] for line in settings(page) if not differ(line)] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_name_too_long_for_the_legend_says_so_and_keeps_its_end(
    server: LabServer, new_tab: Callable[[str], Page], width: int
) -> None:
    name = f"Step 3, {'which goes on and on ' * 4}100 %, seed 7"
    run = add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1), name=name)
    page = new_tab("about:blank")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{server.address}/runs?compare={run}")
    place = page.locator(".st-key-overlay-accuracy")
    said = place.locator(".legendtext")
    expect(said).to_contain_text("…")
    expect(said).to_contain_text("seed 7")
    text, chart = said.bounding_box(), place.bounding_box()
    assert text and chart and text["x"] + text["width"] <= chart["x"] + chart["width"]
    assert name in (place.locator(".lab-chart").get_attribute("aria-label") or "")


def test_a_legend_with_another_number_of_lines_stays_above_the_curves(server: LabServer, new_tab: Tabs) -> None:
    """Plotly leaves it the room of the one before, until it draws once more."""
    names = ("the first of two that are compared", "the second of two that are compared")
    runs = [add_run(server.store, epoch(1), Finished(), config=tiny_run(epochs=1), name=name) for name in names]
    page = compare(server, new_tab, runs)
    chart = page.locator(".st-key-overlay-accuracy")
    for width, lines_of_legend in ((700, 2), (1600, 1), (700, 2)):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_function(HAS_LINES, arg=lines_of_legend)
        expect(chart.locator(".main-svg").first).to_have_attribute("width", str(chart.evaluate("it => it.clientWidth")))
        last, plot = box(chart.locator(".legendtext").last), box(chart.locator(".nsewdrag").first)
        assert last["y"] + last["height"] <= plot["y"]


HAS_LINES = """many => {
    const names = [...document.querySelectorAll(".st-key-overlay-accuracy .legendtext")];
    return new Set(names.map(name => Math.round(name.getBoundingClientRect().top))).size === many;
}"""
