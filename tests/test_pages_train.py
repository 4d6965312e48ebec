"""Which run the Train page shows, and what it says of one that is not here."""

import pytest
from app_pages import as_read, button, chart, draft, is_well, labelled, open_app, run_that_is, the_run, window, words
from claiming import say
from examples import tiny_run

from lab.events import Finished
from lab.steps import step
from lab.store import Store
from lab.ui.running import WATCH


def test_a_refresh_finds_the_run_of_the_address_again(store: Store, dead_worker: str) -> None:
    old = run_that_is("finished", store, dead_worker)
    run_that_is("running", store, dead_worker)
    app = open_app("train", run=str(old))
    assert f"run {old}, started" in words(app)
    assert app.query_params["run"] == str(old)


def test_a_new_visitor_sees_the_live_run_or_else_the_newest(store: Store, dead_worker: str) -> None:
    live = run_that_is("running", store, dead_worker)
    newest = run_that_is("finished", store, dead_worker)
    assert f"run {live}, started" in words(open_app("train"))
    say(store, live, Finished())
    assert f"run {newest}, started" in words(open_app("train"))


@pytest.mark.parametrize("address", ["none", "", "²", "-1", "9" * 30])
def test_an_address_that_names_no_run_shows_the_newest(store: Store, dead_worker: str, address: str) -> None:
    run_id = run_that_is("finished", store, dead_worker)
    app = open_app("train", run=address)
    assert is_well(app)
    assert app.query_params["run"] == str(run_id)


def test_two_sessions_watch_the_same_run(store: Store, dead_worker: str) -> None:
    run_id = run_that_is("running", store, dead_worker)
    first, second = open_app("train"), open_app("train")
    say(store, run_id, window(5))
    for app in (first, second):
        app.run()
        assert len(chart(app, "loss")["train"]["y"]) == 5


def test_a_run_that_waits_behind_the_one_that_trains_is_mentioned_and_so_is_how_many_more(
    store: Store, dead_worker: str
) -> None:
    paused = run_that_is("paused", store, dead_worker)
    assert not [one for one in open_app("train", run=str(paused)).button if one.help == WATCH]
    running = run_that_is("running", store, dead_worker)
    waiting = [run_that_is("queued", store, dead_worker) for _ in range(2)]
    (mention,) = [one for one in open_app("train", run=str(running)).button if one.help == WATCH]
    name = store.run(paused).name
    assert as_read(mention.label) == f"Run {paused} is paused (2 more wait): {name}"
    (mention,) = [one for one in open_app("train", run=str(waiting[0])).button if one.help == WATCH]
    assert as_read(mention.label) == f"Run {running} is training (1 more is paused, 1 more waits): {name}"


def test_a_run_deleted_elsewhere_is_said_to_be_gone(store: Store, dead_worker: str) -> None:
    app = open_app("train", run=str(run_that_is("running", store, dead_worker)))
    store.delete(the_run(store).id)
    app.run()
    assert is_well(app)
    assert "There is no run 1 here" in words(app)


def test_an_address_of_a_run_that_is_not_here_says_so_and_stays(store: Store, dead_worker: str) -> None:
    newest = run_that_is("finished", store, dead_worker)
    app = open_app("train", run="999")
    assert is_well(app)
    assert "There is no run 999 here" in words(app)
    assert app.query_params["run"] == "999"
    button(app, "Show the newest run").click().run()
    assert app.query_params["run"] == str(newest)


def test_a_link_to_a_run_brings_its_settings(store: Store) -> None:
    run = store.submit(tiny_run(seed=7))
    assert draft(open_app("train", run=str(run))) == tiny_run(seed=7)


def test_the_draft_outlives_a_reload_also_beside_a_run(store: Store) -> None:
    run = store.submit(tiny_run(seed=7))
    app = open_app("train", run=str(run))
    labelled(app.text_input, "Epochs").set_value("9").run()
    again = open_app("train", **app.query_params)
    assert draft(again) == draft(app) == tiny_run(seed=7, epochs=9)
    assert again.query_params["run"] == str(run)


def test_settings_in_an_address_that_no_run_can_have_are_said_and_not_used(store: Store) -> None:
    app = open_app("train", step="3", epochs="0")
    assert [as_read(warning.value) for warning in app.warning] == [
        "The settings in the address are not used: Epochs is 0; it must be a whole number from 1 to 200."
    ]
    assert draft(app) == step(3).config
