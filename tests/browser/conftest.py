"""The real app in a real browser: one Chromium for all tests here, and a server for each that needs its own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.chromium import ARGUMENTS, NAMES, find_chromium
from browser.proxy import Proxy, proxy_before
from browser.spoken import Speak, Spoken
from examples import noted, wait_until
from lab_server import LabServer
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from lab.store import ENDED

PATIENCE = 90_000
"""Milliseconds to wait for a condition that holds at once on an idle machine; a busy one may take its time."""


def _chromium() -> str:
    found = find_chromium()
    if found is None:
        reason = f"no browser: install Chromium (`apt-get install chromium`; looked for {', '.join(NAMES)})"
        if os.environ.get("CI") == "true":  # there a browser test that does not run is a fault
            pytest.fail(reason)
        pytest.skip(f"{reason}, or name one in LAB_CHROMIUM")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = _chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def running_server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    yield from _serve(browser, tmp_path_factory.mktemp("server"))


@pytest.fixture
def server(running_server: LabServer) -> Iterator[LabServer]:
    """The server that these tests share; each finds it without a run, and leaves none behind."""
    yield running_server
    store = running_server.store
    for run in store.runs():
        store.send(run.id, "stop")
    wait_until(lambda: all(run.status in ENDED for run in store.runs()))
    for run in store.runs():
        store.delete(run.id)


@pytest.fixture
def speak(server: LabServer) -> Iterator[Speak]:
    """Begins a run on the server's store; they are taken away in the end, since nobody else would end them."""
    runs: list[Spoken] = []
    yield lambda *config: noted(runs, Spoken(server.store, *config))
    for run in runs:
        server.store.delete(run.run)


@pytest.fixture
def own_server(browser: Browser, tmp_path: Path) -> Iterator[LabServer]:
    """A server for one test, that may do with it what it likes."""
    yield from _serve(browser, tmp_path)


def _serve(browser: Browser, folder: Path) -> Iterator[LabServer]:
    server = LabServer(folder)
    try:
        server.start()
        first_visitor = browser.new_page()  # starts the workers: torch is imported a little later
        first_visitor.goto(server.address)
        first_visitor.get_by_role("button", name="Quick", exact=True).wait_for(timeout=PATIENCE)
        first_visitor.close()
        yield server
    finally:
        server.close()


@pytest.fixture
def proxy(server: LabServer) -> Iterator[Proxy]:
    """A proxy that serves the lab below /class/7 and takes this away before it asks the lab."""
    with proxy_before(server.port, "/class/7") as proxy:
        yield proxy


@pytest.fixture
def complaints() -> list[str]:
    """What the pages wrote to the console as an error, or threw."""
    return []


def _complaint(message: ConsoleMessage) -> list[str]:
    """The message, if it is an error of the app.

    Streamlit looks for its server below a page's own address first (`/train/_stcore/...`): Chromium reports the 404.
    """
    address = message.location["url"]
    is_search = "404" in message.text and "/_stcore/" in address
    return [f"{message.text} ({address})"] if message.type == "error" and not is_search else []


@pytest.fixture
def context(browser: Browser, complaints: list[str]) -> Iterator[BrowserContext]:
    """One user's browser: 1280x720, and no errors in any of its tabs' consoles."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(PATIENCE)
    context.set_default_navigation_timeout(PATIENCE)
    context.on("console", lambda message: complaints.extend(_complaint(message)))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert complaints == []


@pytest.fixture
def new_tab(context: BrowserContext) -> Callable[[str], Page]:
    """Opens an address in a tab of its own."""

    def open_tab(address: str) -> Page:
        page = context.new_page()
        page.goto(address)
        return page

    return open_tab
