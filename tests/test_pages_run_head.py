"""What a run's head on the Train page says of its status, what it offers to do, and that the run is followed."""

import pytest
import sqlalchemy as sa
from app_pages import (
    add_run,
    as_read,
    button,
    channel,
    component_data,
    epoch,
    is_well,
    labels,
    open_app,
    run_that_is,
    the_run,
    window,
    words,
)
from claiming import say
from examples import tiny_run

from lab.events import Finished, Stopped
from lab.number_words import unbroken
from lab.standing import moment
from lab.store import Store
from lab.ui.looking import LOOKS


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("queued", {"Stop"}),
        ("running", {"Pause", "Stop"}),
        ("paused", {"Resume", "Stop"}),
        ("interrupted", {"Resume", *LOOKS.values()}),
        ("stopped", {"Resume", *LOOKS.values()}),
        ("failed", {"Resume", *LOOKS.values()}),
        ("finished", set(LOOKS.values())),
    ],
)
def test_a_run_says_its_status_and_offers_what_can_be_done(
    store: Store, dead_worker: str, status: str, offered: set[str]
) -> None:
    run_that_is(status, store, dead_worker)
    app = open_app("train")
    assert f"badge[{status}]" in words(app)
    about_the_run = [label for label in labels(app.button) if not label.startswith(("Start ", "Quick", "Fork "))]
    assert set(about_the_run) == offered


def test_pause_go_on_and_stop_are_words_in_the_store(store: Store, dead_worker: str) -> None:
    run_that_is("running", store, dead_worker)
    app = open_app("train")
    button(app, "Pause").click().run()
    assert is_well(app)
    assert the_run(store).command == "pause"
    button(app, "Resume").click().run()
    assert the_run(store).command == "run"
    button(app, "Stop").click().run()
    assert is_well(app)
    assert the_run(store).command == "stop"


def test_stopping_a_queued_run_ends_it_at_once(store: Store) -> None:
    store.submit(tiny_run())
    app = open_app("train")
    button(app, "Stop").click().run()
    assert the_run(store).status == "stopped"
    assert "badge[stopped]" in words(app)


@pytest.mark.parametrize("status", ["interrupted", "stopped", "failed"])
def test_resume_queues_an_unfinished_run_again(store: Store, dead_worker: str, status: str) -> None:
    run_that_is(status, store, dead_worker)
    app = open_app("train")
    button(app, "Resume").click().run()
    assert is_well(app)
    assert the_run(store).status == "queued"
    assert "badge[queued]" in words(app)


def test_a_run_resumed_in_another_tab_meanwhile_is_shown_as_it_is(store: Store, dead_worker: str) -> None:
    run_id = run_that_is("stopped", store, dead_worker)
    app = open_app("train")
    store.requeue(run_id)
    button(app, "Resume").click().run()
    assert is_well(app)
    assert the_run(store).status == "queued"


def test_a_live_run_is_followed_from_what_the_page_shows_of_it(store: Store, dead_worker: str) -> None:
    run_id = run_that_is("running", store, dead_worker)
    newest = store.events_after(run_id)[-1].id
    app = open_app("train")
    given = channel(app)
    assert (given["run"], given["cursor"], given["state"]) == (run_id, newest, "running-run-1")
    assert given["follows"]
    growing = {key: component_data(app, key)["live"] for key in ("loss", "accuracy", "rate")}
    assert {live["cursor"] for live in growing.values()} == {newest}
    assert growing["loss"]["curves"] == growing["accuracy"]["curves"] == ["train", "train, evaluated", "test"]


def test_a_run_that_has_ended_is_not_followed_and_says_how_far_it_came(store: Store, dead_worker: str) -> None:
    run_that_is("stopped", store, dead_worker)
    given = channel(open_app("train"))
    assert not given["follows"]
    assert (given["text"], given["share"]) == (unbroken("1 of 3 epochs in 2 s"), 1 / 3)


def test_a_page_that_is_drawn_anew_shows_the_state_of_its_run(store: Store, dead_worker: str) -> None:
    run_id = run_that_is("running", store, dead_worker)
    app = open_app("train")
    say(store, run_id, window(5), Stopped())
    app.run()
    assert is_well(app)
    assert "badge[stopped]" in words(app)


def test_a_run_says_when_it_began_and_before_that_when_it_was_queued(store: Store) -> None:
    waiting = store.submit(tiny_run())
    queued = f"queued {moment(store.run(waiting).created)}"
    assert queued in words(open_app("train"))
    began = add_run(store, epoch(1))
    told = words(open_app("train", run=str(began)))
    assert f"started {moment(store.run(began).started or 0)}" in told and queued not in told


def test_a_run_that_was_interrupted_in_its_first_epoch_has_nothing_to_continue_from(
    store: Store, dead_worker: str
) -> None:
    add_run(store, window(1), worker=dead_worker)
    (warning,) = open_app("train").warning
    assert as_read(warning.value).endswith(" It had not finished an epoch. Resume starts it again from the beginning.")


@pytest.mark.parametrize("reason", ["The disk is full: /a_b/*.sqlite3.", "The machine slept for 3 hours."])
def test_an_interrupted_run_says_what_really_happened(store: Store, dead_worker: str, reason: str) -> None:
    run_id = run_that_is("interrupted", store, dead_worker)
    assert store.run(run_id).status == "interrupted"
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET reason = :reason WHERE id = :id"), {"reason": reason, "id": run_id})
    (warning,) = open_app("train").warning
    assert as_read(warning.value) == f"{reason} Its 1 finished epoch is kept. Resume continues from there."


def test_a_run_whose_optimiser_state_was_not_kept_offers_no_resume(store: Store, dead_worker: str) -> None:
    run_id = run_that_is("stopped", store, dead_worker)
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE checkpoints SET optimizer_state = NULL"))
    assert not store.run(run_id).resumable
    assert "Resume" not in labels(open_app("train").button)


def test_a_stop_that_was_drawn_for_an_earlier_attempt_does_nothing_to_the_next(store: Store, dead_worker: str) -> None:
    run_id = run_that_is("running", store, dead_worker)
    app = open_app("train")
    say(store, run_id, Stopped())  # in another tab ...
    store.requeue(run_id)  # ... and resumed there
    button(app, "Stop").click().run()
    assert is_well(app)
    assert (the_run(store).status, the_run(store).command) == ("queued", "run")


@pytest.mark.parametrize("label", ["Pause", "Stop"])
def test_a_command_for_a_run_that_has_ended_meanwhile_is_said_to_be_too_late(
    label: str, store: Store, dead_worker: str
) -> None:
    run_id = run_that_is("running", store, dead_worker)
    app = open_app("train")
    say(store, run_id, Finished())
    button(app, label).click().run()
    assert is_well(app)
    assert [toast.value for toast in app.toast] == [
        f"{label} came too late for {the_run(store).name}. The page shows what the run does now."
    ]
