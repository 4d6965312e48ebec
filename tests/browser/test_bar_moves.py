"""While a run trains its line and its bar move, as far as it has come and no farther, and stand while it is paused."""

import re
from dataclasses import replace
from itertools import pairwise

from app_pages import epoch
from browser.curves import points, wait_for_points
from browser.spoken import CONFIG, LOOK, Speak, Tabs, line, watch
from lab_server import LabServer
from playwright.sync_api import expect

from lab.events import Paused, Resumed

expect.set_options(timeout=90_000)


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


def test_for_who_sits_at_another_machine_the_line_moves_at_every_frame(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    """Under another name than its own machine's: there a page draws less often, since it takes from the training."""
    run = speak()
    run.windows(2)
    page = watch(server, new_tab, run, server.address.replace("localhost", "lab.localhost"))
    page.evaluate(NOTE_FRAMES)
    run.windows(10)  # far from where it seemed to be: it is shown there at once, and goes on
    page.wait_for_function("() => window.frames_ended")
    frames, moved = page.evaluate("[window.frames_seen, window.frames_moved]")
    print(f"the line moved at {moved} of {frames} frames")
    assert moved >= frames / 4 > 0  # not at all: a frame may be too short for another batch. On its own machine: two


NOTE_FRAMES = """() => {
    [window.frames_seen, window.frames_moved] = [0, 0];
    const line = document.querySelector(".lab-live-line");
    const said = line.textContent;
    let [before, since] = [said, null];
    requestAnimationFrame(function look(now) {
        if (since === null && line.textContent !== said) since = now;
        else if (since !== null) {
            window.frames_seen += 1;
            window.frames_moved += line.textContent !== before;
        }
        before = line.textContent;
        window.frames_ended = since !== null && now - since > 400;  // it goes on for a second without being told more
        if (!window.frames_ended) requestAnimationFrame(look);
    });
}"""
"""For 0.4 s from the first movement on: how many frames there were, and at how many the line was another."""


def test_the_bar_goes_on_from_the_measured_speed_and_not_beyond_the_epoch(
    server: LabServer, new_tab: Tabs, speak: Speak
) -> None:
    run = speak()
    run.windows(18)
    page = watch(server, new_tab, run)
    expect(page.locator(".lab-live-line")).to_contain_text("Epoch 1 of 15, batch 938 of 938")
    bar = page.get_by_role("progressbar", name="Progress of the run")
    expect(bar).to_have_attribute("aria-valuenow", "6")  # 1 / 15
    expect(bar).to_have_css("background-size", "6.67% 100%")
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
