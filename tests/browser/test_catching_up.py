"""Who did not look, or was cut off, is shown all that happened meanwhile, and nothing twice."""

import signal
from dataclasses import replace
from itertools import count

import pytest
from app_pages import epoch, started
from browser.curves import points, wait_for_points
from browser.proxy import Proxy
from browser.spoken import CONFIG, HIDE, LOOK, SHOW, Speak, Tabs, places, watch
from examples import wait_until
from lab_server import LabServer
from playwright.sync_api import WebSocket, expect

from lab.events import Finished

expect.set_options(timeout=90_000)


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
    page.close()
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
    page.close()
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
    expect(page.get_by_text("Resume starts it again from the beginning")).to_be_visible()
    expect(page.locator(".lab-live-line")).to_have_count(0)
    page.get_by_role("button", name="Resume").click()
    wait_until(lambda: own_server.store.run(run_id).status == "running")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.close()
    complaints.clear()  # of the server that was away


def test_a_server_that_is_away_is_said_in_the_labs_words_until_it_is_there_again(
    own_server: LabServer, new_tab: Tabs, complaints: list[str]
) -> None:
    page = new_tab(f"{own_server.address}/train")
    page.wait_for_function("window.labSeesConnection")
    page.wait_for_load_state("networkidle")  # with all that its parts are made of: the server can give none of it now
    own_server.kill()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("No connection to the lab")
    expect(dialog).to_contain_text("As soon as it is there again, this page goes on by itself.")
    expect(dialog.locator("code")).to_have_text("python start.py")
    expect(dialog).not_to_contain_text("treamlit")
    own_server.start()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    page.close()
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
    expect(page.get_by_text("Resume starts it again from the beginning")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    wait_until(lambda: own_server.store.run(run_id).status == "running")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.close()
    complaints.clear()  # of the server that was away
