"""What the board asks is answered late, never, or by a run that trains meanwhile."""

from dataclasses import replace

from browser.board import LAYER_SHOWN, ONE, SEVEN, Tabs, draw, expect_answer, open_board
from browser.test_app import start
from examples import TINY_NETWORK, wait_until
from lab_server import LabServer
from playwright.sync_api import Page, Route, expect

from lab.config import RunConfig
from lab.steps import step
from lab.ui.reader import FOLLOWS

expect.set_options(timeout=90_000)


def test_without_the_server_one_sentence_says_so_and_the_next_stroke_tries_again(
    server: LabServer, new_tab: Tabs, complaints: list[str]
) -> None:
    page, canvas = open_board(server, new_tab)
    page.route("**/reading", lambda route: route.abort())
    draw(page, canvas, [(80, 70), (200, 70)])
    expect(page.get_by_role("alert").filter(has_text="The lab does not answer.")).to_be_visible()
    page.unroute("**/reading")
    draw(page, canvas, [(200, 70), (130, 230)])
    expect_answer(page, "7")
    expect(page.get_by_text("The lab does not answer.")).to_be_hidden()
    assert complaints and all("ERR_FAILED" in complaint for complaint in complaints)
    page.close()
    complaints.clear()


def test_an_answer_that_is_late_is_said_to_be_so_and_the_old_one_is_pale(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    draw(page, canvas, SEVEN)
    expect_answer(page, "7")
    held = hold_questions(page)
    draw(page, canvas, [(60, 20), (60, 260)])
    expect(page.get_by_text("Waiting for the network to answer.")).to_be_visible()
    expect(page.locator(".lab-answer-digit")).to_have_css("opacity", "0.35")
    held[0].continue_()
    page.unroute("**/reading")
    expect(page.locator(".lab-answer-odd")).to_contain_text("two parts side by side")
    expect(page.get_by_text("Waiting for the network to answer.")).to_be_hidden()


def test_the_answer_to_a_drawing_that_was_cleared_is_never_shown(server: LabServer, new_tab: Tabs) -> None:
    page, canvas = open_board(server, new_tab)
    held = hold_questions(page)
    draw(page, canvas, SEVEN)
    page.get_by_role("button", name="Clear").click()
    draw(page, canvas, ONE)
    with page.expect_request("**/reading"):  # of the one: asked once the seven's answer has come
        held[0].continue_()
    expect(page.locator(".lab-answer-digit")).to_be_hidden()
    page.wait_for_timeout(0)  # the request's own handler
    held[-1].continue_()
    expect_answer(page, "1")


def hold_questions(page: Page) -> list[Route]:
    """From now on no drawing is answered until its question, which is kept here, goes on."""
    held: list[Route] = []
    page.route("**/reading", lambda route: held.append(route))
    return held


def test_a_kept_digit_is_read_by_a_run_as_it_trains_from_the_untrained_network_on(
    server: LabServer, new_tab: Tabs
) -> None:
    """Two runs: the second waits for the first, and so is untrained for as long as the test wants."""
    first = start(server)
    quick = step(5).config
    run = server.store.submit(replace(quick, training_images=6000, epochs=1, device="cpu"))
    page, canvas = open_board(server, new_tab)
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name=f"Run {run}").click()
    expect(page.get_by_text("watch its bars change")).to_be_visible()
    draw(page, canvas, ONE)
    reader = page.locator(".lab-answer-reader")
    expect(reader).to_contain_text("untrained")
    assert page.evaluate(HIGHEST) < 0.4
    layers = page.locator(LAYER_SHOWN)
    expect(layers).to_have_count(9)
    untrained = layers.nth(4).evaluate(PICTURE)
    page.evaluate(NOTE_READERS)
    server.store.send(first, "stop")
    expect(reader).to_be_empty()  # it has ended, and the page has been drawn anew for it
    expect(page.get_by_test_id("stCaptionContainer").filter(has_text=f"(run {run}), epoch 1.")).to_be_visible()
    expect_answer(page, "1")
    batches = page.evaluate("window.readers.filter(words => words.includes('epoch 1, batch'))")
    assert len(set(batches)) >= 3
    assert layers.nth(4).evaluate(PICTURE) != untrained


def test_the_page_says_how_the_run_that_reads_stands_by_now(
    server: LabServer, new_tab: Tabs, complaints: list[str]
) -> None:
    first = start(server)
    run = server.store.submit(replace(step(5).config, training_images=6000, epochs=50, device="cpu"))
    waiting = server.store.submit(replace(step(5).config, training_images=6000, epochs=50, device="cpu"))
    page, canvas = open_board(server, new_tab)
    draw(page, canvas, ONE)
    network = page.get_by_role("combobox", name="Network")
    network.click()
    page.get_by_role("option", name=f"Run {run}").click()
    expect(page.get_by_text(FOLLOWS["queued"])).to_be_visible()
    server.store.send(first, "stop")
    expect(page.get_by_text(FOLLOWS["running"])).to_be_visible()
    server.store.send(run, "pause")
    expect(page.get_by_text(FOLLOWS["paused"])).to_be_visible()
    network.click()
    page.get_by_role("option", name=f"Run {waiting}").click()
    expect(page.locator(".lab-answer-reader")).to_contain_text(f"(run {waiting})")
    server.store.delete(waiting)
    expect(page.get_by_text(f"Run {waiting} is no longer here: it was deleted.")).to_be_visible()
    expect(network).to_have_value("Ready-trained network")
    expect_answer(page, "1")
    page.close()  # it may have asked once more before it learned that the run is gone: that is answered, with 404
    assert all("404" in complaint and "/reading" in complaint for complaint in complaints)
    complaints.clear()


HIGHEST = """() => Math.max(...[...document.querySelectorAll(".lab-bars i")].map(
    (bar) => Number(bar.style.transform.match(/[0-9.]+/)[0])))"""
"""The probability of the answer, as it is drawn."""
PICTURE = "picture => picture.style.backgroundImage"
NOTE_READERS = """() => {
    window.readers = [];
    const line = document.querySelector(".lab-answer-reader");
    new MutationObserver(() => window.readers.push(line.textContent)).observe(line, { childList: true });
}"""


def test_the_name_of_a_run_is_shown_as_it_was_typed(server: LabServer, new_tab: Tabs) -> None:
    name = "`5*5 vs 3*3` [seed 2] :rocket: $x$ ~~old~~ <b>lr</b>"
    run = server.store.submit(RunConfig(network=TINY_NETWORK, epochs=1, training_images=200, device="cpu"), name)
    wait_until(lambda: server.store.run(run).status == "finished", seconds=90)
    page, _ = open_board(server, new_tab)
    page.get_by_role("combobox", name="Network").click()
    option = page.get_by_role("option", name="vs")
    expect(option).to_have_text(f"Run {run}: {name}")
    option.click()
    words = page.get_by_test_id("stCaptionContainer").filter(has_text=f"(run {run}), epoch 1.")
    expect(words).to_be_visible()
    assert words.inner_text().replace("\u2060", "") == f"Read by {name} (run {run}), epoch 1."  # a joiner has no width
    expect(page.get_by_role("combobox", name="Network")).to_have_value(f"Run {run}: {name}")
