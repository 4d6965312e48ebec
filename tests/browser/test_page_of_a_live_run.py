"""The page of a run is drawn anew for another state only; it takes nothing from a hand; wherever the run is trained."""

import os
import subprocess
import sys
from dataclasses import replace

from app_pages import epoch
from browser.curves import points, wait_for_points
from browser.spoken import CONFIG, LOOK, Speak, Tabs, watch
from examples import wait_until
from lab_server import ROOT, LabServer
from playwright.sync_api import WebSocket, expect

from lab.events import Finished

expect.set_options(timeout=90_000)


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
