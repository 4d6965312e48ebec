"""Charts in a browser, wherever the lab is served and though what they need does not come at once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.proxy import Proxy
from lab_server import LabServer
from playwright.sync_api import Browser, Page, expect

from lab.ui.chart import SCRIPT

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]


def expect_chart(page: Page, chart: str = "loss") -> None:
    """Wait until a chart is drawn, and as high as it is made."""
    page.wait_for_function(
        "chart => document.querySelector(`.st-key-${chart} .main-svg`)?.getBoundingClientRect().height > 100", arg=chart
    )


@pytest.fixture(params=["lab/", "/lab/", "lab"])
def below_a_path(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LabServer]:
    """A server that serves the app below a path, as an administrator may write it."""
    server = LabServer(tmp_path, base_path=request.param)
    try:
        server.start()
        yield server
    finally:
        server.close()


def test_charts_are_drawn_below_a_path(below_a_path: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{below_a_path.address}/train")
    expect_chart(page)
    page.get_by_role("link", name="Steps").click()
    expect(page.get_by_role("button", name="Quick", exact=True)).to_be_visible()
    page.reload()
    page.get_by_role("link", name="Train").click()
    expect_chart(page)


def test_charts_are_drawn_behind_a_proxy_that_takes_its_prefix_away(proxy: Proxy, new_tab: Tabs) -> None:
    page = new_tab(f"{proxy.address}/")
    page.get_by_role("link", name="Train").click()
    expect_chart(page)
    page.reload()
    expect_chart(page)


def test_a_load_that_fails_is_tried_again(proxy: Proxy, new_tab: Tabs, complaints: list[str]) -> None:
    proxy.refusals[SCRIPT.name] = 2
    page = new_tab(f"{proxy.address}/train")
    expect_chart(page)
    assert len(proxy.refused) == 2
    assert page.get_by_role("status").filter(has_text="chart").count() == 0
    page.close()
    _forgive(complaints)


def test_a_load_that_goes_on_failing_is_said_and_can_be_tried_again(
    proxy: Proxy, new_tab: Tabs, complaints: list[str]
) -> None:
    proxy.refusals[SCRIPT.name] = 1000
    page = new_tab(f"{proxy.address}/train")
    place = page.locator(".st-key-loss")
    expect(place.get_by_text("This chart could not be loaded")).to_be_visible()
    box = place.bounding_box()
    assert box is not None and box["height"] > 100  # no gap
    assert len(proxy.refused) > 2
    proxy.refusals.clear()
    place.get_by_role("button", name="Try again").click()
    expect_chart(page)
    expect_chart(page, "accuracy")  # the other charts go on with it
    expect(page.get_by_text("This chart could not be loaded").filter(visible=True)).to_have_count(0)
    page.close()
    _forgive(complaints)


def _forgive(complaints: list[str]) -> None:
    """Chromium reports the refused requests; they are what was asked for."""
    complaints[:] = [text for text in complaints if "503" not in text]
