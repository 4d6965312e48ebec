"""A run that is spoken by the test, so that it knows what a page has to show, and when; and the page that shows it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

from app_pages import add_run, window
from claiming import say
from lab_server import LabServer
from playwright.sync_api import Page, expect

from lab.config import RunConfig
from lab.events import Event, Window
from lab.steps import step
from lab.store import Store

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


def go_to(page: Page, title: str) -> None:
    """By the menu, to another page."""
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


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

HIDE = """() => {
    Object.defineProperty(document, "hidden", { get: () => window.isHidden, configurable: true });
    window.isHidden = true;
    document.dispatchEvent(new Event("visibilitychange"));
}"""
SHOW = """() => {
    window.isHidden = false;
    document.dispatchEvent(new Event("visibilitychange"));
}"""
