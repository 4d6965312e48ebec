"""On a laptop and on a projector a run's charts are seen whole, with both axes, without scrolling."""

from collections.abc import Callable

import pytest
from app_pages import add_run, epoch
from browser.spoken import Spoken, watch
from lab_server import LabServer
from playwright.sync_api import Page, ViewportSize

from lab.events import Finished
from lab.quick import quick
from lab.steps import step

Tabs = Callable[[str], Page]
Speak = Callable[..., Spoken]
LAPTOP, BEHIND_TOOLBARS, HIGH = (1280, 720), (1366, 650), (1280, 900)
FULL_SCREEN, PROJECTOR = (1366, 768), (1920, 1080)
ROOM = 8
"""Pixels below them: another font or a thicker bar must not cut them."""
CHARTS = """() => ["loss", "accuracy"].map((chart) => {
    const { bottom, height } = document.querySelector(`.st-key-${chart} .main-svg`).getBoundingClientRect();
    const axis = document.querySelector(`.st-key-${chart} .xtitle`).getBoundingClientRect();
    return { bottom: Math.max(bottom, axis.bottom), height };
})"""


@pytest.mark.parametrize(
    ("size", "query"),
    [
        (LAPTOP, ""),
        (LAPTOP, "&guess=2"),
        (BEHIND_TOOLBARS, ""),
        (BEHIND_TOOLBARS, "&guess=2"),
        (LAPTOP, "&present=1"),
        (LAPTOP, "&guess=2&present=1"),
        (FULL_SCREEN, "&guess=2&present=1"),
        (PROJECTOR, "&guess=2&present=1"),
    ],
)
@pytest.mark.parametrize("ended", [False, True], ids=["training", "finished"])
def test_both_charts_of_a_run_are_seen_to_their_lower_edge(
    server: LabServer, new_tab: Tabs, speak: Speak, size: tuple[int, int], query: str, ended: bool
) -> None:
    page = new_tab("about:blank")
    page.set_viewport_size(ViewportSize(width=size[0], height=size[1]))
    if ended:
        run = add_run(server.store, *map(epoch, range(1, 6)), Finished(), config=quick(step(3).config))
    else:
        run = speak(quick(step(3).config)).run
    page.goto(f"{server.address}/train?run={run}{query}")
    page.wait_for_function("() => document.querySelectorAll('.st-key-rate .main-svg').length")
    page.wait_for_function(f"() => ({CHARTS})().every(({{ bottom }}) => bottom <= innerHeight - {ROOM})")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    assert min(chart["height"] for chart in page.evaluate(CHARTS)) >= 200


def test_charts_are_as_high_as_ever_where_there_is_room_and_follow_the_window(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    page = watch(server, new_tab, speak())
    for size, height in ((HIGH, 300), (BEHIND_TOOLBARS, 300), ((1366, 600), 250), (HIGH, 300)):
        page.set_viewport_size(ViewportSize(width=size[0], height=size[1]))
        page.wait_for_function(
            f"(height) => ({CHARTS})().every((chart) => Math.abs(chart.height - height) <= 2)", arg=height
        )
