"""The first minute in a browser: a step, a guess, a click, and a run is seen to learn; and it is seen from anywhere."""

from collections.abc import Callable
from dataclasses import replace

from browser.curves import wait_for_points
from examples import TINY_NETWORK
from lab_server import LabServer
from playwright.sync_api import Page, expect

from lab.config import RunConfig
from lab.quick import is_quick
from lab.steps import step
from lab.training_config import Optimizer

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]

LIVE = RunConfig(network=TINY_NETWORK, optimizer=Optimizer(learning_rate=0.05), epochs=200, training_images=15_000)
AXIS = "() => document.querySelector('.st-key-accuracy .js-plotly-plot').layout.yaxis.range[0]"
HIGHEST = """() => Math.max(...(document.querySelector('.st-key-accuracy .js-plotly-plot')?.data ?? [])
    .filter(curve => ['train', 'test'].includes(curve.name)).flatMap(curve => curve.y))"""


def test_three_clicks_on_the_first_page_start_a_quick_run_that_is_seen_to_learn(
    server: LabServer, new_tab: Tabs
) -> None:
    page = new_tab(server.address)
    page.get_by_text("4. Augmentation").click()
    page.get_by_text("90–95", exact=True).click()
    page.get_by_role("button", name="Quick", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Train")
    expect(page.locator(".guessed")).to_contain_text("90 to 95")
    page.wait_for_function(f"({HIGHEST})() > 80")
    wait_for_points(page, "accuracy", "test", more_than=0)
    assert page.evaluate(AXIS) <= 90  # where the guess begins: it stays in view while the axis closes in
    (run,) = server.store.runs()
    assert is_quick(run.config) and run.step == 4 == step(4).number


SOON_AFTER = """([row, guess, after]) => {
    document.querySelectorAll('.lab-strip input')[row].click();
    const pill = document.querySelectorAll('.st-key-guess [role=radio]')[guess];
    setTimeout(() => pill.click(), after);
}"""


def test_a_row_is_taken_however_soon_a_guess_is_clicked_after_it(server: LabServer, new_tab: Tabs) -> None:
    """A click that is being taken is not ended by the next one, which no longer has it."""
    page = new_tab(server.address)
    guesses = page.locator(".st-key-guess").get_by_role("radio")
    guesses.first.wait_for()
    for turn, after in enumerate((1, 2, 3, 5, 8) * 4):  # milliseconds
        row = (3, 0, 4, 1)[turn % 4]
        page.evaluate(SOON_AFTER, [row, turn % 3, after])
        page.wait_for_url(f"**/?step={row + 1}")
        expect(guesses.nth(turn % 3)).to_have_attribute("aria-checked", "true")


def test_a_live_run_moves_on_another_page_which_leads_to_it(server: LabServer, new_tab: Tabs) -> None:
    run_id = server.store.submit(replace(LIVE, device="cpu"))
    page = new_tab(f"{server.address}/layers")
    bar = page.get_by_role("progressbar", name="Progress of the run")
    expect(bar).to_be_visible()
    line = page.locator(".lab-live-line")
    expect(line).to_contain_text("images a second")
    before = line.text_content()
    expect(line).not_to_have_text(str(before))  # without the page being drawn anew
    page.get_by_role("link", name=f"Run {run_id} is training").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Train")
    wait_for_points(page, "loss", "train", more_than=2)
    expect(page.get_by_role("link", name=f"Run {run_id} is training")).to_have_count(0)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("stopped", exact=True).first).to_be_visible()
