"""What a live run has come to is told in figures, in the scorecard and aloud; so is its end."""

import re
from dataclasses import replace

from app_pages import epoch
from browser.spoken import CONFIG, Speak, Tabs, watch
from lab_server import LabServer
from playwright.sync_api import expect

from lab.events import Finished

expect.set_options(timeout=90_000)


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
