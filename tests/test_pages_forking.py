"""A run goes on from one of its epochs under other settings."""

from app_pages import add_run, as_read, button, chart, epoch, is_well, labelled, labels, open_app, words
from claiming import say
from examples import tiny_run
from stories import finished

from lab.events import Finished, Stopped
from lab.store import Store
from lab.training_config import Optimizer


def test_a_run_goes_on_from_one_of_its_epochs_under_other_settings(store: Store) -> None:
    parent = finished(store)
    app = open_app("train", run=str(parent))
    labelled(app.select_slider, "Continue after epoch").set_value(1).run()
    labelled(app.text_input, "Learning rate").set_value("0.001").run()
    assert "Learning rate: 0.001 instead of 0.05." in as_read(words(app))
    button(app, "Fork after epoch 1").click().run()
    assert is_well(app)
    fork, _ = store.runs()
    assert (fork.parent, fork.parent_epoch) == (store.run(parent).uuid, 1)
    assert fork.config.optimizer.learning_rate == 0.001
    assert app.query_params["run"] == str(fork.id)


def test_the_learning_rate_of_a_forks_first_epochs_is_that_of_its_parent(store: Store) -> None:
    """The parent said 0.01 of its epochs; a fork after the second of them goes on with 0.001."""
    lower = tiny_run(optimizer=Optimizer(learning_rate=0.001))
    drawn = chart(open_app("train", run=str(store.fork(finished(store), 2, lower))), "rate")
    for name, last in (("planned", 3), ("so far", 2)):
        points = list(zip(drawn[name]["x"], drawn[name]["y"], strict=True))
        assert {y for x, y in points if x < 2} == {0.01}
        assert {y for x, y in points if 2 < x <= last} == ({0.001} if last > 2 else set())


def test_the_epoch_of_a_fork_stays_chosen_whatever_else_is_changed(store: Store) -> None:
    epochs = [epoch(number) for number in range(1, 6)]
    parent = add_run(store, *epochs, Finished(), config=tiny_run(epochs=5))
    app = open_app("train", run=str(parent))
    labelled(app.text_input, "Epochs").set_value("4").run()
    assert labelled(app.select_slider, "Continue after epoch").value == 3  # leaves one to train
    labelled(app.select_slider, "Continue after epoch").set_value(2).run()
    labelled(app.text_input, "Epochs").set_value("5").run()
    assert labelled(app.select_slider, "Continue after epoch").value == 2


def test_a_run_that_trains_can_be_forked_as_soon_as_one_opens_the_section_after_an_epoch(store: Store) -> None:
    run = add_run(store)
    app = open_app("train", run=str(run))
    assert labelled(app.expander, "Fork from here") and "no finished epoch yet" in words(app)
    say(store, run, epoch(1))
    app.session_state["fork"] = True  # what a click on it sets
    assert "Fork after epoch 1" in labels(app.run().button) and is_well(app)


def test_a_run_that_was_stopped_before_its_first_epoch_offers_no_fork(store: Store) -> None:
    app = open_app("train", run=str(add_run(store, Stopped())))
    assert "Fork from here" not in labels(app.expander)


def test_a_fork_with_the_same_settings_can_be_started_and_it_is_said_what_differs(store: Store) -> None:
    parent = finished(store)
    app = open_app("train", run=str(parent))
    assert "so only its optimiser starts again from zero" in words(app)
    next(one for one in app.button if one.label.startswith("Fork after")).click().run()
    assert is_well(app) and store.runs()[0].parent == store.run(parent).uuid


def test_a_fork_that_cannot_be_says_why(store: Store) -> None:
    parent = finished(store)
    app = open_app("train", run=str(parent))
    labelled(app.text_input, "Batch size").set_value("8").run()
    assert "A fork must have the same batch size as the run that it comes from" in words(app)
    assert next(one for one in app.button if one.label.startswith("Fork after")).disabled
