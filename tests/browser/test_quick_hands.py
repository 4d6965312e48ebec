"""Hands that are quicker than the page, and what a page leaves behind when one goes."""

from collections.abc import Callable

from examples import tiny_run
from lab_server import LabServer
from playwright.sync_api import Browser, Page, expect

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]

TAPS = """async () => {
    for (const number of [0, 1, 2, 3]) {
        document.querySelectorAll(".lab-cards button")[number].click();
        await new Promise((resolve) => setTimeout(resolve, 130));
    }
}"""


def test_no_tap_on_the_cards_of_runs_is_lost_however_late_the_page_answers(server: LabServer, browser: Browser) -> None:
    for seed in range(4):
        run = server.store.submit(tiny_run(seed=seed))
        server.store.send(run, "stop")
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{server.address}/runs")
    cards = page.locator(".lab-cards button")
    for pressed in ("true", "false"):
        expect(cards).to_have_count(4, timeout=90_000)
        page.evaluate(TAPS)
        expect(page.locator(f".lab-cards [aria-pressed={pressed}]")).to_have_count(4)
    page.close()


def test_a_board_ends_with_its_page_and_not_with_a_drawing_of_it(server: LabServer, new_tab: Tabs) -> None:
    page = new_tab(f"{server.address}/draw")
    canvas = page.locator(".lab-board canvas")
    expect(canvas).to_be_visible()
    canvas.click(position={"x": 100, "y": 100})
    expect(page.locator(".stages")).to_contain_text("Centre of mass")  # the page has been drawn anew
    page.evaluate("window.left = document.querySelector('.lab-read').board")
    assert page.evaluate("window.left.gone.signal.aborted") is False
    page.get_by_role("link", name="Runs", exact=True).click()
    page.wait_for_function("window.left.gone.signal.aborted")
