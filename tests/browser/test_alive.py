"""A page of a run that trains is alive: it moves, it grows, it catches up, and it leaves alone what a person does.

Most runs here are spoken by the test, so that it knows what a page has to show, and when.
"""

import os
import re
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, pairwise

import pytest
from app_pages import add_run, epoch, started, window
from browser.curves import drag, limits, points, until_whole, wait_for_points, zoom_into
from browser.proxy import Proxy
from examples import noted, say, wait_until
from lab_server import ROOT, LabServer
from playwright.sync_api import Page, WebSocket, expect

from lab.config import RunConfig
from lab.events import Event, Finished, Paused, Resumed, Window
from lab.steps import step
from lab.store import Store
from lab.ui import channel

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]
CONFIG = replace(step(3).config, device="cpu", measure_training=False)
"""15 epochs of 938 iterations, of which a spoken run says something twenty times."""


class Spoken:
    """A run whose words are the test's own: a worker that trains nothing."""

    def __init__(self, store: Store, config: RunConfig = CONFIG) -> None:
        self.store, self.config = store, config
        self.run = add_run(store, config=config)
        self._numbers = count(1)

    def window(self, accuracy: float = 90.0, loss: float = 0.5) -> Window:
        """The next twentieth of an epoch, at 150 iterations a second."""
        number = next(self._numbers)
        end = round(self.config.iterations_per_epoch * number / 20)
        said = replace(window(number, of=20), iteration=end, loss=loss, accuracy=accuracy, images_per_second=9600.0)
        say(self.store, self.run, said)
        return said

    def windows(self, many: int, **values: float) -> None:
        for _ in range(many):
            self.window(**values)

    def say(self, *events: Event) -> None:
        say(self.store, self.run, *events)

    def kept(self) -> list[float]:
        """Where its windows stand, in epochs, as the store has them."""
        per_epoch = self.config.iterations_per_epoch
        events = (kept.event for kept in self.store.events_after(self.run))
        return [event.iteration / per_epoch for event in events if isinstance(event, Window)]


Speak = Callable[..., Spoken]


@pytest.fixture
def speak(server: LabServer) -> Iterator[Speak]:
    """Begins a run on the server's store; they are taken away in the end, since nobody else would end them."""
    runs: list[Spoken] = []
    yield lambda *config: noted(runs, Spoken(server.store, *config))
    for run in runs:
        server.store.delete(run.run)


def watch(server: LabServer, new_tab: Tabs, run: Spoken, address: str = "") -> Page:
    """A page that shows the run, and has drawn its charts."""
    page = new_tab(f"{address or server.address}/train?run={run.run}")
    for chart in ("loss", "accuracy", "rate"):
        page.wait_for_function(f"() => document.querySelector('.st-key-{chart} .js-plotly-plot .main-svg')")
    page.wait_for_function("() => window.labLive.axes !== null")  # it has been told how the run stands
    return page


def places(page: Page, chart: str = "loss", trace: str = "train") -> list[float]:
    """Where the points of a curve stand, in epochs."""
    found: list[float] = page.evaluate(
        """([chart, trace]) => document.querySelector(`.st-key-${chart} .js-plotly-plot`)
            .data.find(curve => curve.name === trace).x""",
        [chart, trace],
    )
    return found


def line(page: Page) -> str:
    """What stands above the bar."""
    return page.locator(".lab-live-line").inner_text()


# --- moving ------------------------------------------------------------------------------------------------------


def test_there_is_no_second_without_a_movement_while_a_run_trains(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(2)
    page = watch(server, new_tab, run)
    page.evaluate(LOOK)
    page.wait_for_function("() => window.looks >= 60", polling=100)
    still, moves = page.evaluate("[window.longestStill, window.moves]")
    print(f"{moves} movements in 60 looks; the longest stillness lasted {still} of them")
    assert still <= 1100 / 50  # looks, each of which a busy browser makes later, as it moves later
    assert moves >= 60 * 50 / 1000 * 3  # four a second, on a machine that has nothing else to do


LOOK = """() => {
    [window.looks, window.moves, window.longestStill] = [0, 0, 0];
    let [before, still] = ["", 0];
    setInterval(() => {
        const line = document.querySelector(".lab-live-line").textContent;
        window.looks += 1;
        window.moves += line !== before;
        still = line === before ? still + 1 : 0;
        window.longestStill = Math.max(window.longestStill, still);
        before = line;
    }, 50);
}"""
"""Twenty times a second: whether the line has moved."""


def test_the_bar_goes_on_from_the_measured_speed_and_not_beyond_the_epoch(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(18)
    page = watch(server, new_tab, run)
    expect(page.locator(".lab-live-line")).to_contain_text("Epoch 1 of 15, batch 938 of 938")
    bar = page.get_by_role("progressbar", name="Progress of the run")
    expect(bar).to_have_attribute("aria-valuenow", "6")  # 1 / 15
    run.windows(2)
    expect(page.locator(".lab-live-line")).to_contain_text("Epoch 1 of 15, testing on 10,000 images")
    run.say(epoch(1))
    expect(page.locator(".lab-live-line")).to_contain_text("Epoch 2 of 15, batch ")
    page.evaluate(NOTE_BATCHES)
    page.wait_for_function("() => window.batches.length >= 40", polling=100)
    batches = page.evaluate("window.batches")
    assert batches == sorted(batches)  # never back, though nothing more is heard of it
    assert batches[-1] < 938 / 3  # and not far


NOTE_BATCHES = """() => {
    window.batches = [];
    setInterval(() => {
        const line = document.querySelector(".lab-live-line").textContent;
        window.batches.push(Number(/batch ([\\d,]+) of/.exec(line)[1].replace(",", "")));
    }, 100);
}"""


def test_no_time_left_is_said_before_five_seconds_of_training(server: LabServer, new_tab: Tabs, speak: Speak) -> None:
    run = speak()
    run.windows(15)  # 15 x 47 iterations at 150 a second: 4.7 s
    page = watch(server, new_tab, run)
    expect(page.locator(".lab-live-line")).to_contain_text("9,600 images a second")
    assert "left" not in line(page)
    run.windows(2)
    in_one_piece = re.compile(r"· 1\u00a0min\u00a0\d+\u00a0s left")  # 13,300 at 150 a second
    expect(page.locator(".lab-live-line")).to_contain_text(in_one_piece)


def test_who_wants_less_motion_is_told_no_more_than_once_a_second(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(2)
    page = watch(server, new_tab, run)
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(LOOK)
    page.wait_for_function("() => window.looks >= 60", polling=100)
    assert page.evaluate("window.moves") <= 5  # in three seconds
    seen = points(page, "loss", "train")
    run.windows(2)
    assert wait_for_points(page, "loss", "train", more_than=seen + 1) == seen + 2  # and the curves grow as ever


def test_a_paused_run_stands_still_and_goes_on_from_there(server: LabServer, new_tab: Tabs, speak: Speak) -> None:
    run = speak(replace(CONFIG, epochs=2))
    run.windows(17)  # 799 of 938 batches, so that 8 s are left
    page = watch(server, new_tab, run)
    page.evaluate(NOTE_FIGURES)
    page.wait_for_function("() => window.figures.at(-1)?.[0] > 820")
    server.store.send(run.run, "pause")
    run.say(Paused())
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    expect(page.locator(".lab-live-line")).not_to_contain_text("images a second")
    stands = line(page)
    page.wait_for_function("looks => window.figures.length >= looks", arg=page.evaluate("window.figures.length") + 60)
    assert line(page) == stands
    server.store.send(run.run, "run")
    run.say(Resumed())
    expect(page.get_by_text("running", exact=True)).to_be_visible()
    page.wait_for_function("stands => document.querySelector('.lab-live-line').textContent !== stands", arg=stands)
    batches, left = zip(*page.evaluate("window.figures"), strict=True)
    assert list(batches) == sorted(batches)
    assert max(before - after for before, after in pairwise(left)) <= 3  # of six that it was paused


NOTE_FIGURES = """() => {
    window.figures = [];
    setInterval(() => {
        const line = document.querySelector(".lab-live-line").textContent;
        const found = /batch ([\\d,]+) of.*\u00b7 (\\d+)\u00a0s left/.exec(line);
        if (found) window.figures.push([Number(found[1].replace(",", "")), Number(found[2])]);
    }, 100);
}"""
"""Ten times a second: the batch and the seconds that are left."""


# --- growing -----------------------------------------------------------------------------------------------------


def test_a_point_is_drawn_within_half_a_second_of_its_making(server: LabServer, new_tab: Tabs, speak: Speak) -> None:
    run = speak()
    run.windows(3)
    page = watch(server, new_tab, run)
    page.evaluate(NOTE_GROWTH)
    for number in range(1, 13):
        run.window()
        page.wait_for_function("number => window.grown.length >= number", arg=number, polling=50)
    made = [kept.time for kept in server.store.events_after(run.run)][-12:]
    late = sorted(drawn / 1000 - at for at, drawn in zip(made, page.evaluate("window.grown"), strict=True))
    print(f"points were drawn {statistics.median(late):.2f} s after their making; the last {late[-1]:.2f} s")
    assert late[0] < 0.5  # the quickest: what is always late is late here too, however busy the machine is
    assert statistics.median(late) < 1


NOTE_GROWTH = """() => {
    window.grown = [];
    const lines = document.querySelector(".st-key-loss .scatterlayer .trace .lines").closest(".scatterlayer");
    let before = 0;
    new MutationObserver(() => {
        const plot = document.querySelector(".st-key-loss .js-plotly-plot");
        const points = plot.data.find(curve => curve.name === "train").x.length;
        for (; before && before < points; before += 1) window.grown.push(Date.now());
        before = points;
    }).observe(lines, { childList: true, subtree: true, attributes: true });
    before = document.querySelector(".st-key-loss .js-plotly-plot").data.find(c => c.name === "train").x.length;
}"""
"""When the drawn curve of the loss grew, point by point."""


def test_curves_are_lengthened_and_no_chart_is_drawn_anew_within_an_epoch(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(3)
    page = watch(server, new_tab, run)
    page.evaluate(COUNT_DRAWINGS)
    before = drawn_length(page)
    run.windows(5)
    wait_for_points(page, "loss", "train", more_than=7)
    assert page.evaluate("window.drawings") == 0
    assert drawn_length(page) > before
    run.windows(12)
    run.say(epoch(1))
    wait_for_points(page, "accuracy", "test", more_than=0)
    wait_until(lambda: page.evaluate("window.drawings") >= 2)
    expect(page.locator(".st-key-loss .scatterlayer path.point")).to_have_count(1)


def test_a_curve_that_is_watched_for_long_is_still_a_handful_of_lines(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(3)
    page = watch(server, new_tab, run)
    page.evaluate(COUNT_DRAWINGS)
    for known in range(3, 19):
        run.windows(1)
        wait_for_points(page, "loss", "train", more_than=known)
    assert page.evaluate("window.drawings") == 0
    lines = page.locator(".st-key-loss .scatterlayer .trace").filter(has=page.locator(".lines path.js-line"))
    assert max(line.locator("path.js-line").count() for line in lines.all()) == 2  # Plotly's, and one for all that came


def test_a_later_epoch_is_marked_where_its_point_would_be_drawn_without_a_chart_being_drawn_anew(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    for number in (1, 2):
        run.windows(20)
        run.say(epoch(number))
    page = watch(server, new_tab, run)
    wait_for_points(page, "accuracy", "test", more_than=1)
    page.evaluate(COUNT_DRAWINGS)
    run.windows(20)
    run.say(epoch(3))
    wait_for_points(page, "accuracy", "test", more_than=2)
    expect(page.locator(".st-key-accuracy .scatterlayer path.point")).to_have_count(3)
    grown = [places_of_markers(page, chart) for chart in ("loss", "accuracy")]
    assert page.evaluate("window.drawings") == 0
    page.reload()
    expect(page.locator(".st-key-accuracy .scatterlayer path.point")).to_have_count(3)
    for chart, found in zip(("loss", "accuracy"), grown, strict=True):
        for mine, anew in zip(found, places_of_markers(page, chart), strict=True):
            assert mine == pytest.approx(anew, abs=1.0)


def places_of_markers(page: Page, chart: str) -> list[list[float]]:
    """Where the points of epochs are drawn, in pixels."""
    found: list[list[float]] = page.evaluate(
        """chart => [...document.querySelectorAll(`.st-key-${chart} .scatterlayer path.point`)]
            .map(point => point.getAttribute("transform").match(/[-\\d.]+/g).map(Number))""",
        chart,
    )
    return found


COUNT_DRAWINGS = """() => {
    window.drawings = 0;
    for (const chart of ["loss", "accuracy", "rate"]) {
        const plot = document.querySelector(`.st-key-${chart} .js-plotly-plot`);
        plot.on("plotly_afterplot", () => window.drawings++);
    }
}"""


def drawn_length(page: Page) -> float:
    """How long the drawn curve of the training loss is, in pixels."""
    length: float = page.evaluate(
        """() => [...document.querySelectorAll(".st-key-loss .scatterlayer .trace .lines path.js-line")]
            .reduce((sum, path) => sum + path.getTotalLength(), 0)"""
    )
    return length


def test_what_has_grown_looks_as_if_it_was_drawn_at_once(server: LabServer, new_tab: Tabs, speak: Speak) -> None:
    run = speak()
    run.windows(3, accuracy=40.0)
    page = watch(server, new_tab, run)
    run.windows(6, loss=0.2, accuracy=90.0)
    run.windows(4, loss=1.0, accuracy=60.0)
    wait_for_points(page, "accuracy", "train", more_than=12)
    grown = [path_points(page, chart) for chart in ("loss", "accuracy")]
    page.reload()
    wait_for_points(page, "accuracy", "train", more_than=12)
    page.wait_for_function("() => document.querySelector('.st-key-loss .lines path.js-line')")
    for chart, found in zip(("loss", "accuracy"), grown, strict=True):
        for mine, anew in zip(ends(found), ends(path_points(page, chart)), strict=True):
            assert mine == pytest.approx(anew, abs=1.0)


def path_points(page: Page, chart: str) -> list[list[float]]:
    """Every corner of the drawn training curve, in pixels."""
    ways: list[str] = page.evaluate(
        """chart => [...document.querySelectorAll(`.st-key-${chart} .scatterlayer .trace .lines path.js-line`)]
            .map(path => path.getAttribute("d"))""",
        chart,
    )
    return [[float(number) for number in pair.split(",")] for pair in re.findall(r"[-\d.]+,[-\d.]+", " ".join(ways))]


def ends(corners: list[list[float]]) -> list[list[float]]:
    """The first corner, the last, and those between that stand highest and lowest: straight lines have no others."""
    return [corners[0], min(corners, key=lambda one: one[1]), max(corners, key=lambda one: one[1]), corners[-1]]


def test_a_point_that_has_just_come_can_be_read_by_pointing_at_it(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak(replace(CONFIG, epochs=1))
    run.windows(3, loss=0.5)
    page = watch(server, new_tab, run)
    run.windows(7, loss=0.1234)
    wait_for_points(page, "loss", "train", more_than=9)
    left, top, width, height = page.evaluate(PLOT_AREA)
    page.mouse.move(left + width * 0.5 / 1.3, top + height / 2)  # half an epoch, on an axis to 1.3
    expect(page.locator(".st-key-loss .hoverlayer")).to_contain_text("0.1234")
    run.window(loss=0.2)  # and what is read stays while the curve grows
    wait_for_points(page, "loss", "train", more_than=10)
    expect(page.locator(".st-key-loss .hoverlayer")).to_contain_text("0.1234")


PLOT_AREA = """() => {
    const box = document.querySelector('.st-key-loss .nsewdrag').getBoundingClientRect();
    return [box.left, box.top, box.width, box.height];
}"""


def test_figures_and_scorecard_follow_the_epochs(server: LabServer, new_tab: Tabs, speak: Speak) -> None:
    run = speak()
    page = watch(server, new_tab, run)
    for number, correct in enumerate((9_900, 9_930, 9_920), start=1):
        run.windows(20, accuracy=99.0)
        run.say(epoch(number, correct))
    expect(page.locator("[data-moves=best]")).to_have_text("99.30 %")
    expect(page.locator("[data-moves=last]")).to_have_text("99.20 %")
    expect(page.locator("[data-moves=wrong]")).to_have_text("80")
    expect(page.locator("[data-moves=check-1]")).to_have_text("99.00, 99.30, 99.20 %")
    expect(page.locator(".lab-live-aloud")).to_have_text("Epoch 3 of 15: test accuracy 99.20 %")


def test_that_a_watched_run_has_ended_and_how_is_said_aloud_once(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak(replace(CONFIG, epochs=1))
    page = watch(server, new_tab, run)
    place = page.locator(".lab-end-aloud")
    expect(place).to_have_attribute("role", "status")  # there before there is something to say, else nothing is heard
    expect(place).to_be_empty()
    place.evaluate("place => { window.isHeard = place; }")
    run.windows(20)
    run.say(epoch(1, correct=9_812), Finished())
    expect(place).to_have_text(re.compile("^Finished: 98.12 % of the test images are read correctly"))
    assert page.evaluate("window.isHeard.isConnected")
    page.get_by_text("Accuracy from 0 to 100 %").click()  # drawn anew, and of no other run
    expect(place).to_have_count(1)
    page.reload()
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    expect(place).to_be_empty()


def test_of_another_run_nothing_is_said_aloud_that_was_said_of_the_one_before(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    other, one = speak(), speak()
    one.windows(20)
    one.say(epoch(1))
    page = watch(server, new_tab, one)
    expect(page.locator(".lab-live-aloud")).to_have_text("Epoch 1 of 15: test accuracy 99.00 %")
    page.get_by_role("button", name=f"Run {other.run} is training").click()
    page.wait_for_function("run => window.labLive.run === run && window.labLive.axes", arg=other.run)
    expect(page.locator(".lab-live-aloud")).to_have_text("")


# --- the axis ----------------------------------------------------------------------------------------------------


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


def go_to(page: Page, title: str) -> None:
    """By the menu, to another page."""
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


# --- a page that was left ----------------------------------------------------------------------------------------


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


# --- catching up -------------------------------------------------------------------------------------------------


def test_a_tab_that_is_not_looked_at_does_nothing_and_catches_up(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(3)
    opened: list[WebSocket] = []
    page = new_tab("about:blank")
    page.on("websocket", lambda socket: opened.append(socket) if "/live?" in socket.url else None)
    page.goto(f"{server.address}/train?run={run.run}")
    wait_for_points(page, "loss", "train", more_than=2)
    wait_until(lambda: page.evaluate("window.labLive.axes !== null"))
    page.evaluate(HIDE)
    wait_until(lambda: page.evaluate("1") == 1 and opened[-1].is_closed())
    page.evaluate(LOOK)
    run.windows(20)
    run.say(epoch(1))
    page.wait_for_function("() => window.looks >= 20", polling=100)
    assert page.evaluate("window.moves") <= 1
    assert points(page, "loss", "train") == 3
    page.evaluate(SHOW)
    wait_for_points(page, "accuracy", "test", more_than=0)
    assert places(page) == pytest.approx(run.kept())
    expect(page.locator("[data-moves=last]")).to_have_text("99.00 %")
    assert len(opened) == 2


HIDE = """() => {
    Object.defineProperty(document, "hidden", { get: () => window.isHidden, configurable: true });
    window.isHidden = true;
    document.dispatchEvent(new Event("visibilitychange"));
}"""
SHOW = """() => {
    window.isHidden = false;
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_channel_that_breaks_is_taken_up_again_with_nothing_lost_or_told_twice(
    server: LabServer, new_tab: Tabs, speak: Speak, proxy: Proxy, complaints: list[str]
) -> None:
    """Behind a proxy, which also takes a prefix away: the channel is found there."""
    run = speak()
    run.windows(3)
    page = watch(server, new_tab, run, proxy.address)
    for _ in range(2):
        run.window()
        wait_for_points(page, "loss", "train", more_than=len(run.kept()) - 1)
        proxy.refusals["/live?"] = 2
        assert proxy.break_off("/live?") == 1
        run.windows(3)
        wait_for_points(page, "loss", "train", more_than=len(run.kept()) - 1)
        assert places(page) == pytest.approx(run.kept())
    assert len(proxy.refused) == 4
    complaints[:] = [text for text in complaints if "/live?" not in text]  # Chromium's own, of what was refused


def test_a_run_that_goes_on_after_a_kill_is_drawn_from_its_last_epoch_on(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(20)
    run.say(epoch(1))
    run.windows(5)
    page = watch(server, new_tab, run)
    wait_for_points(page, "loss", "train", more_than=24)
    run.say(replace(started(CONFIG), first_epoch=2))
    page.wait_for_function("() => window.labLive.rows.some(row => row.cut === 1)")
    wait_until(lambda: places(page)[-1] == 1)
    run._numbers = count(21)
    run.windows(2)
    wait_for_points(page, "loss", "train", more_than=21)
    assert places(page) == pytest.approx([one / 20 for one in range(1, 23)], abs=0.001)


def test_who_was_cut_off_when_the_run_ended_is_shown_its_end(
    server: LabServer, new_tab: Tabs, speak: Speak, proxy: Proxy, complaints: list[str]
) -> None:
    """The channel is there again before the connection over which a page is drawn anew."""
    run = speak()
    run.windows(3)
    page = watch(server, new_tab, run, proxy.address)
    page.evaluate(NOTE_ASKED)
    proxy.refusals["/_stcore/"] = 6
    assert proxy.break_off("/_stcore/stream") == 1
    run.say(Finished())
    page.wait_for_function("() => window.asked.length > 0")
    assert proxy.refusals["/_stcore/"] > 0  # so nobody heard it
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    assert page.evaluate("window.asked.length") > 1
    complaints.clear()  # of what was refused


NOTE_ASKED = """() => {
    window.asked = [];
    const ask = window.labDrawAnew;
    window.labDrawAnew = (state) => { window.asked.push(state); ask(state); };
}"""


def test_who_watches_a_server_that_is_started_again_is_shown_that_the_run_was_interrupted(
    own_server: LabServer, new_tab: Tabs, complaints: list[str]
) -> None:
    run_id = own_server.store.submit(replace(CONFIG, epochs=200))
    page = new_tab(f"{own_server.address}/train?run={run_id}")
    expect(page.locator(".lab-live-line")).to_contain_text("images a second")
    own_server.kill()
    own_server.start()
    expect(page.get_by_text("Resume begins it anew")).to_be_visible()
    expect(page.locator(".lab-live-line")).to_have_count(0)
    page.get_by_role("button", name="Resume").click()
    wait_until(lambda: own_server.store.run(run_id).status == "running")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    complaints.clear()  # of the server that was away


def test_what_is_on_the_page_of_an_ended_run_works_when_the_server_was_started_again(
    own_server: LabServer, new_tab: Tabs, complaints: list[str]
) -> None:
    """The new server knows none of the page's fragments; an ended run is told nothing that would have it drawn anew."""
    run_id = own_server.store.submit(replace(CONFIG, epochs=200))
    page = new_tab(f"{own_server.address}/train?run={run_id}")
    expect(page.locator(".lab-live-line")).to_contain_text("images a second")
    own_server.send(signal.SIGTERM)
    own_server.wait_for_end()
    own_server.start()
    expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-connection-state", "CONNECTED")
    expect(page.get_by_text("Resume begins it anew")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    wait_until(lambda: own_server.store.run(run_id).status == "running")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    complaints.clear()  # of the server that was away


# --- the page ----------------------------------------------------------------------------------------------------


def test_a_page_is_drawn_anew_once_for_a_new_state_and_never_for_the_time_that_passes(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    asked: list[str | bytes] = []

    def note(socket: WebSocket) -> None:
        if "/_stcore/stream" in socket.url:
            socket.on("framesent", lambda frame: asked.append(frame))

    page = new_tab("about:blank")
    page.on("websocket", note)
    page.goto(f"{server.address}/train?run={run.run}")
    page.wait_for_function("() => window.labLive?.axes")
    expect(page.locator(".lab-live-line")).not_to_be_empty()
    page.wait_for_function("() => document.querySelector('.st-key-rate .js-plotly-plot')")
    before = len(asked)
    run.windows(20)
    run.say(epoch(1))
    wait_for_points(page, "accuracy", "test", more_than=0)
    assert len(asked) == before
    run.say(Finished())
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    expect(page.get_by_text("What this run shows")).to_be_visible()
    assert len(asked) == before + 1


def test_a_run_that_is_deleted_is_said_to_be_gone(server: LabServer, new_tab: Tabs, speak: Speak) -> None:
    run = speak()
    page = watch(server, new_tab, run)
    server.store.delete(run.run)
    expect(page.get_by_text(f"There is no run {run.run} here")).to_be_visible()


def test_a_field_keeps_the_keyboard_and_a_page_its_place_while_a_run_grows_and_ends(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(3)
    page = watch(server, new_tab, run)
    page.get_by_role("tab", name="Run").click()
    seed = page.get_by_label("Seed", exact=True)
    seed.click()
    page.keyboard.press("End")
    page.keyboard.type("7")
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 120")
    place = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    run.windows(17)
    run.say(epoch(1))
    wait_for_points(page, "accuracy", "test", more_than=0)
    run.say(Finished())
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    expect(seed).to_be_focused()
    expect(seed).to_have_value("17")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == place


def test_a_run_from_the_command_line_is_as_live_as_one_of_the_server(server: LabServer, new_tab: Tabs) -> None:
    train = ["train", "--step", "3", "--images", "2000", "--epochs", "200", "--device", "cpu", "--json"]
    environment = os.environ | {"LAB_DATABASE_URL": server.store.url}
    command = [sys.executable, "-m", "lab", *train]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
        try:
            wait_until(lambda: any(run.status == "running" for run in server.store.runs()))
            page = new_tab(f"{server.address}/train")
            seen = wait_for_points(page, "loss", "train", more_than=0)
            page.evaluate(LOOK)
            for _ in range(3):
                seen = wait_for_points(page, "loss", "train", more_than=seen)
            assert page.evaluate("window.moves") > 0
        finally:
            process.terminate()
            process.communicate()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_a_waiting_run_says_its_place_and_begins_by_itself(server: LabServer, new_tab: Tabs) -> None:
    first = server.store.submit(replace(CONFIG, epochs=200, training_images=60_000))  # of the server's own worker
    wait_until(lambda: server.store.run(first).status == "running")
    waiting = server.store.submit(replace(CONFIG, epochs=1, training_images=1000))
    page = new_tab(f"{server.address}/train?run={waiting}")
    expect(page.locator(".lab-live-line")).to_contain_text("Next on cpu")
    server.store.send(first, "stop")
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    assert points(page, "accuracy", "test") == 1
