"""The axis closes in on a run that trains; a zoom of the reader's stays."""

import re

from app_pages import epoch
from browser.curves import drag, limits, until_whole, wait_for_points, zoom_into
from browser.spoken import Speak, Tabs, go_to, watch
from lab_server import LabServer
from playwright.sync_api import Page, expect

from lab.events import Finished

expect.set_options(timeout=90_000)


def shown(page: Page, chart: str = "accuracy") -> list[float]:
    """The vertical range of a chart."""
    found: list[float] = page.evaluate(
        "chart => [...document.querySelector(`.st-key-${chart} .js-plotly-plot`)._fullLayout.yaxis.range]", chart
    )
    return found


def wait_for_axis(page: Page, low: float) -> None:
    page.wait_for_function(
        """low => document.querySelector(".st-key-accuracy .js-plotly-plot")._fullLayout.yaxis.range[0] === low""",
        arg=low,
    )


def test_the_accuracy_begins_with_all_there_is_and_closes_in_and_one_click_shows_all_again(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    page = watch(server, new_tab, run)
    assert shown(page) == [0, 101]
    run.windows(20, accuracy=96.0)
    wait_for_points(page, "accuracy", "train", more_than=19)
    assert shown(page) == [0, 101]
    run.say(epoch(1, correct=9_800))
    wait_for_axis(page, 97)
    page.get_by_text("Accuracy from 0 to 100 %").click()
    wait_for_axis(page, 0)
    run.windows(20, accuracy=99.0)
    run.say(epoch(2, correct=9_900))
    wait_for_points(page, "accuracy", "test", more_than=1)
    assert shown(page) == [0, 101]  # as it was asked for


def test_a_zoom_is_kept_when_the_axis_closes_in(server: LabServer, new_tab: Tabs, speak: Speak) -> None:
    run = speak()
    run.windows(3, accuracy=96.0)
    page = watch(server, new_tab, run)
    drag(page, "accuracy")
    page.wait_for_function(
        "() => document.querySelector('.st-key-accuracy .js-plotly-plot')._fullLayout.yaxis.range[0] > 10"
    )
    zoom = shown(page)
    for number in (1, 2):
        run.windows(20, accuracy=99.0)
        run.say(epoch(number, correct=9_850))
        wait_for_points(page, "accuracy", "test", more_than=number - 1)
        assert shown(page) == zoom
    run.say(Finished())
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    assert shown(page) == zoom


def test_a_zoom_is_found_again_when_its_page_was_left_while_the_run_grew(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(3, accuracy=96.0)
    page = watch(server, new_tab, run)
    zoom = zoom_into(page, "accuracy")
    go_to(page, "Runs")
    run.windows(5, accuracy=97.0)
    go_to(page, "Train")
    wait_for_points(page, "accuracy", "train", more_than=7)
    assert limits(page, "accuracy") == zoom
    run.windows(2)
    wait_for_points(page, "accuracy", "train", more_than=9)
    assert limits(page, "accuracy") == zoom
    page.locator(".st-key-accuracy").get_by_role("button", name="Whole chart").click()
    until_whole(page, "accuracy", {"x": [0, 15.3], "y": [0, 101]})


def test_a_name_in_the_legend_that_is_clicked_twice_leaves_its_curve_alone_and_then_brings_all_back(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(3)
    run.say(epoch(1))
    page = watch(server, new_tab, run)
    wait_for_points(page, "loss", "test", more_than=0)
    names = page.locator(".st-key-loss .legend .traces")
    chosen, others = (names.filter(has_text=re.compile(name)) for name in ("^test$", "^train"))
    assert others.count() >= 1
    for opacity in ("0.5", "1"):
        chosen.locator(".legendtoggle").dblclick(force=True)
        for other in others.all():
            expect(other).to_have_css("opacity", opacity)
        expect(chosen).to_have_css("opacity", "1")
