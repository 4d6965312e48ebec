"""The Train page's live view of a run, in every status, and which run it shows."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa
from app_pages import (
    ME,
    add_run,
    as_read,
    axis,
    button,
    channel,
    chart,
    checks,
    component_data,
    draft,
    epoch,
    errors,
    figure,
    figures,
    go_to,
    html,
    is_well,
    labelled,
    labels,
    open_app,
    run_that_is,
    started,
    the_run,
    window,
    with_draft,
    words,
)
from examples import claimed, say, tiny_run
from stories import finished
from streamlit.testing.v1 import AppTest

from lab.describe import curve_notes
from lab.events import Finished, Stopped
from lab.evidence import one_seed_words, reference_pools
from lab.figures import LARGE
from lab.guess import GUESSES
from lab.number_words import unbroken
from lab.quick import quick
from lab.seeds import main_pool
from lab.standing import moment
from lab.steps import step
from lab.store import Store
from lab.training_config import Optimizer
from lab.ui.looking import LOOKS
from lab.ui.navigation import PAGES
from lab.ui.running import WATCH
from lab.ui.starting import STEP_AT_FIRST

OTHER_SEED = "Use seed {} for another curve"

# --- Train: the live view ----------------------------------------------------------------------------------------


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


def test_the_curves_have_a_point_a_window_and_a_point_an_epoch(store: Store, dead_worker: str) -> None:
    run_that_is("running", store, dead_worker)
    app = open_app("train")
    for key, field in (("loss", "loss"), ("accuracy", "accuracy")):
        traces = chart(app, key)
        assert traces["train"]["x"] == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3])
        assert traces["train"]["y"] == [getattr(window(number), field) for number in (1, 2, 3, 4)]
        assert traces["test"]["x"] == [1]


def test_what_is_trained_meanwhile_is_drawn_by_the_next_look(store: Store, dead_worker: str) -> None:
    run_id = run_that_is("running", store, dead_worker)
    app = open_app("train")
    say(store, run_id, window(5))
    app.run()
    assert chart(app, "loss")["train"]["y"] == [window(number).loss for number in (1, 2, 3, 4, 5)]


def test_best_last_wrong_and_gap_stand_beside_the_curves(store: Store) -> None:
    told = epoch(1, 9950, train=98.0), epoch(2, 9940, train=99.0, seconds=63.0, measured=9960)
    add_run(store, *told, Stopped())
    assert figures(open_app("train")) == {
        "Best test accuracy": "99.50 %",
        "Last test accuracy": "99.40 %",
        "Wrong of 10,000": "60",
        "Train − test": "+0.20 points",
        "Last epoch took": "1 min 3 s",
    }


def test_a_gap_below_zero_has_a_true_minus_sign(store: Store) -> None:
    add_run(store, epoch(1, 9900, measured=9860), Stopped())
    assert figures(open_app("train"))["Train − test"] == "−0.40 points"


def test_the_hardware_of_a_run_stands_under_details(store: Store) -> None:
    add_run(store, epoch(1), Stopped())
    (details,) = [section for section in open_app("train").expander if section.label == "Details"]
    (hardware,) = details.get("html")
    assert 'Hardware: <span data-moves="hardware">a CPU, PyTorch engine</span>' in hardware.proto.body


def test_the_learning_rate_of_a_run_without_windows_is_drawn_to_its_last_epoch(store: Store) -> None:
    add_run(store, epoch(1), epoch(2), epoch(3), Finished())
    drawn = chart(open_app("train"), "rate")
    assert drawn["so far"]["x"] == drawn["planned"]["x"]


def test_training_minus_test_is_a_dash_where_only_the_accuracy_while_training_is_known(store: Store) -> None:
    add_run(store, epoch(1, 9950, train=98.0), Stopped())
    assert figures(open_app("train"))["Train − test"] == "–"


def test_beside_a_run_of_a_step_stands_how_far_its_published_seed_can_be_trusted(store: Store) -> None:
    add_run(store, *map(epoch, range(1, 16)), Finished(), config=step(2).config)
    said = one_seed_words(main_pool(reference_pools(), 2))
    assert "standard deviation" in said and said in as_read(words(open_app("train")))


@pytest.mark.parametrize("images", ["test", "validation"])
def test_the_page_says_what_the_two_training_curves_are(store: Store, images: str) -> None:
    config = tiny_run(evaluate_on=images)
    add_run(store, epoch(1, measured=9960), Stopped(), config=config)
    app = open_app("train")
    assert chart(app, "accuracy")["train, evaluated"]["y"] == [99.60]
    assert "**train** is measured during training: every batch changes the network" in words(app)
    assert f"**{images}** is measured in the same way, so you can compare these two" in words(app)


def test_of_a_run_that_is_not_measured_on_training_images_no_second_curve_is_spoken(store: Store) -> None:
    add_run(store, epoch(1), Stopped(), config=tiny_run(measure_training=False))
    app = open_app("train")
    assert "train, evaluated" not in chart(app, "accuracy")
    assert "train, evaluated" not in words(app)


def test_before_the_first_epoch_the_figures_are_dashes(store: Store) -> None:
    add_run(store, window(1))
    assert set(figures(open_app("train")).values()) == {"–"}


def test_a_run_on_held_out_images_does_not_call_them_test(store: Store) -> None:
    add_run(store, epoch(1), Stopped(), config=tiny_run(evaluate_on="validation"))
    app = open_app("train")
    assert {"Best validation accuracy", "Last validation accuracy", "Train − validation"} < set(figures(app))
    assert list(chart(app, "accuracy")) == list(chart(app, "loss")) == ["train", "train, evaluated", "validation"]
    shown = [*figures(app), *labels(app.toggle), *(element.value for element in (*app.markdown, *app.caption))]
    assert not [text for text in shown if "test" in text.replace("the test images", "").lower()], shown


def test_beside_its_curves_a_run_says_what_label_smoothing_and_averaging_make_of_them(store: Store) -> None:
    config = tiny_run(label_smoothing=0.1, weight_averaging=0.9)
    add_run(store, epoch(1), Stopped(), config=config)
    app = open_app("train")
    shown = [caption.value for caption in app.caption]
    assert set(curve_notes(config)) < set(shown)


def test_the_published_curve_can_be_turned_off(store: Store) -> None:
    add_run(store, epoch(1), Stopped(), config=step(3).config)
    app = open_app("train")
    assert "published test" in chart(app, "loss")
    assert "published test" in chart(app, "accuracy")
    labelled(app.toggle, "Published curve (one seed)").set_value(False).run()
    assert list(chart(app, "loss")) == list(chart(app, "accuracy")) == ["train", "train, evaluated", "test"]


def test_a_config_nobody_published_has_no_published_curve(store: Store) -> None:
    add_run(store, epoch(1), Stopped(), config=tiny_run())
    app = open_app("train")
    assert labelled(app.toggle, "Published curve: none for these settings").disabled
    assert "published test" not in chart(app, "accuracy")


def test_accuracy_is_zoomed_to_the_action_and_one_click_shows_all_of_it(store: Store) -> None:
    add_run(store, epoch(1), Stopped(), config=step(3).config)
    app = open_app("train")
    assert axis(app, "accuracy") == [97.0, 100.0]
    labelled(app.toggle, "Accuracy from 0 to 100 %").set_value(True).run()
    assert axis(app, "accuracy")[0] == 0


def test_an_unfinished_or_failed_run_says_why(store: Store, dead_worker: str) -> None:
    failed = run_that_is("failed", store, dead_worker)
    interrupted = run_that_is("interrupted", store, dead_worker)
    assert errors(open_app("train", run=str(failed))) == ["The loss is no longer a finite number."]
    (warning,) = open_app("train", run=str(interrupted)).warning
    assert "Its 1 finished epoch is kept" in as_read(warning.value)


def test_the_scorecard_is_open_until_the_run_is_done(store: Store) -> None:
    add_run(store, epoch(1), config=step(3).config)
    assert checks(open_app("train"))[1].startswith("… not decided yet")


def test_the_target_is_not_claimed_for_a_run_that_it_says_nothing_about(store: Store) -> None:
    told = (epoch(number, 9950) for number in range(1, 16))
    add_run(store, *told, Finished(), config=replace(step(3).config, evaluate_on="validation"))
    app = open_app("train")
    told_by_the_page = words(app)
    assert checks(app)[1].startswith("– does not apply 99.40 % or better")
    assert "It reaches the target" not in told_by_the_page


def test_a_network_that_guesses_is_said_to_guess_and_its_curve_is_on_the_chart(store: Store) -> None:
    told = (epoch(number, 982, train=10.0) for number in (1, 2, 3))
    add_run(store, *told, Finished())
    app = open_app("train")
    assert "It did not learn: 10 % is guessing." in words(app)
    assert "It overfits" not in words(app) and "It does not overfit" not in words(app)
    assert axis(app, "accuracy") == [0, 101]
    assert chart(app, "accuracy")["test"]["y"] == [9.82] * 3


@pytest.mark.parametrize(("correct", "mark"), [(9940, "✓ met"), (9939, "✗ missed")])
def test_a_finished_run_is_held_against_the_target_and_read(store: Store, correct: int, mark: str) -> None:
    run = (epoch(number, correct, measured=9990) for number in range(1, 16))
    add_run(store, *run, Finished(), config=step(3).config)
    app = open_app("train")
    told = words(app)
    assert checks(app)[0] == "✓ met Fewer than 10,000 parameters: 9,426"
    assert checks(app)[1].startswith(f"{mark} 99.40 % or better in each of the last 3 epochs: ")
    assert "It overfits" in told
    assert "mean of the last 3 epochs" in told
    assert step(3).published_findings in told


def test_after_a_quick_run_its_full_run_is_set_up_with_a_click(store: Store) -> None:
    """Whatever stands on the left: a run of the command line is watched beside settings of one's own."""
    run = (epoch(number, 9800) for number in range(1, 6))
    add_run(store, *run, Finished(), config=quick(replace(step(6).config, seed=2)))
    app = open_app("train", step="2")
    button(app, "Set up the full run").click().run()
    assert is_well(app)
    assert draft(app) == replace(step(6).config, seed=2)


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


# --- Train: which run --------------------------------------------------------------------------------------------


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


# --- the same again, several seeds, forks -------------------------------------------------------------------------


def test_a_run_that_only_repeats_another_is_said_to_and_another_seed_is_a_click_away(store: Store) -> None:
    run = store.submit(step(3).config)
    app = open_app("train", step="3")
    assert f"**Start training:** repeats run {run} with the same curve" in words(app)
    assert "**Quick:** 5 epochs on 6,000 images, seed 1" in words(app)
    button(app, OTHER_SEED.format(2)).click().run()
    assert draft(app).seed == 2
    assert "repeats run" not in words(app) and OTHER_SEED.format(3) not in labels(app.button)


def test_a_run_of_another_machine_is_not_said_to_give_the_same_curve_here(store: Store, tmp_path: Path) -> None:
    finished(Store(f"sqlite:///{tmp_path / 'other.sqlite3'}"))
    store.import_file(tmp_path / "other.sqlite3")
    (run,) = store.runs()
    said = words(with_draft(tiny_run()))
    assert f"**Start training:** repeats run {run.id} of another machine, which rounds differently" in said


def test_two_buttons_that_repeat_the_same_run_both_say_so(store: Store) -> None:
    run = store.submit(quick(step(3).config))
    app = with_draft(quick(step(3).config))
    for label in ("Start training", "Quick"):
        assert f"**{label}:** repeats run {run} with the same curve" in words(app)


@pytest.mark.parametrize("page", ["start", "steps", "train"])
def test_wherever_a_run_starts_it_is_said_that_it_repeats_another(page: str, store: Store) -> None:
    preset = step(STEP_AT_FIRST)
    for config in (preset.config, quick(preset.config), replace(preset.config, seed=2)):
        store.submit(config)
    whole = "Start training" if page == "train" else "Full"
    app = open_app(page, step=str(preset.number), hide="seeds")
    for told in (f"**{whole}:** repeats run 1", "**Quick:** repeats run 2"):
        assert told in words(app)
    assert not button(app, "Quick").disabled
    button(app, OTHER_SEED.format(3)).click().run()
    assert is_well(app) and "repeats run" not in words(app)
    button(app, "Quick").click().run()
    assert store.runs()[0].config == quick(replace(preset.config, seed=3))


def test_several_seeds_start_at_once_without_those_that_were_trained(store: Store) -> None:
    store.submit(replace(step(3).config, seed=2))
    app = open_app("train", step="3")
    labelled(app.slider, "How many seeds").set_value(3).run()
    button(app, "Start 3 runs").click().run()
    assert is_well(app)
    assert sorted(run.config.seed for run in store.runs()) == [1, 2, 3, 4]
    assert app.query_params["run"] == "2"  # the first of the new ones


@pytest.mark.parametrize("label", ["Start training", "Quick", "Start 5 runs", "Fork after epoch"])
def test_a_double_click_starts_what_it_starts_once(label: str, store: Store) -> None:
    parent = finished(store)
    app = open_app("train", run=str(parent))
    for _ in range(2):
        app.session_state["run"] = parent  # as the page still looks to who clicks
        app.run()
        next(one for one in app.button if one.label.startswith(label)).click().run()
    assert is_well(app)
    started = [run.id for run in store.runs() if run.id != parent]
    assert len(started) == (5 if label == "Start 5 runs" else 1)
    assert app.query_params["run"] == str(min(started))


def test_who_has_stopped_a_run_may_start_the_same_anew_at_once(store: Store) -> None:
    app = open_app("train")
    button(app, "Quick").click().run()
    store.send(the_run(store).id, "stop")  # it waits for its turn, so it has ended
    button(app, "Quick").click().run()
    assert [run.status for run in store.runs()] == ["queued", "stopped"]


def test_a_list_that_is_opened_late_shows_the_number_of_seeds_that_will_start(store: Store) -> None:
    """What stands in a popover is made in the browser when that is opened, which may be after many drawings."""
    app = open_app("train").run()
    slider = labelled(app.slider, "How many seeds")
    assert list(slider.proto.default) == [slider.value] == [5]


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


# --- lessons, and the back row ------------------------------------------------------------------------------------


def test_a_lessons_link_carries_the_settings_and_hides_what_it_is_not_about(store: Store) -> None:
    app = open_app("train", step="3", seed="5")
    box = labelled(app.get("button_group"), "Hide")
    box.set_value(["quick", "seeds", "details", "fork"]).run()
    (link,) = app.code
    assert link.value.endswith("?step=3&seed=5&hide=quick,seeds,details,fork")
    query = dict(parse_qsl(urlsplit(link.value).query))
    lesson = open_app("train", **query)
    assert is_well(lesson)
    assert draft(lesson) == replace(step(3).config, seed=5)
    assert {"Quick", "Start 5 runs"} & set(labels(lesson.button)) == set()
    assert [tab.label for tab in lesson.tabs] == []
    assert "Start training" in labels(lesson.button)
    assert lesson.query_params["hide"] == "quick,seeds,details,fork"
    assert not lesson.code  # a visitor of a lesson makes none


def test_a_lesson_that_hides_the_step_leads_to_no_other(store: Store) -> None:
    run = add_run(store, *map(epoch, range(1, 16)), Finished(), config=step(3).config)
    for hide, leads_on in (("quick", True), ("step", False)):
        lesson = open_app("train", run=str(run), hide=hide, step="3")
        assert is_well(lesson) and "Finished: 99.00 %" in words(lesson)
        assert ("Set up step 4" in labels(lesson.button)) == ("Next: step 4" in words(lesson)) == leads_on


@pytest.mark.parametrize("hide", ["", "nothing,known", "x" * 5000])
def test_an_address_that_hides_nothing_known_hides_nothing(hide: str, store: Store) -> None:
    app = open_app("train", hide=hide)
    assert is_well(app)
    assert "Quick" in labels(app.button)


def test_for_the_back_row_the_run_stands_alone_and_large(store: Store) -> None:
    run = finished(store)
    app = open_app("train", run=str(run), present="1")
    assert is_well(app)
    assert "Start training" not in labels(app.button)
    assert figure(app, "accuracy")["layout"]["yaxis"]["tickfont"]["size"] == LARGE
    labelled(app.toggle, "Present").set_value(False).run()
    assert "Start training" in labels(app.button)
    assert "tickfont" not in figure(app, "accuracy")["layout"]["yaxis"]
    assert "present" not in app.query_params


def test_a_run_is_still_shown_large_when_one_comes_back_to_it(store: Store) -> None:
    app = open_app("train", run=str(finished(store)), present="1")
    go_to(app, "draw")
    assert labelled(go_to(app, "train").toggle, "Present").value


def test_every_page_is_shown_large_and_a_comparison_can_be_from_its_own_page(store: Store) -> None:
    one, other = finished(store), finished(store, tiny_run(batch_size=8))
    app = open_app("runs", compare=f"{one},{other}")
    assert "font-size: 20px" not in html(app)
    labelled(app.toggle, "Present").set_value(True).run()
    assert figure(app, "overlay-accuracy")["layout"]["yaxis"]["tickfont"]["size"] == LARGE
    app.query_params.clear()  # as the menu does
    for page in ("runs", "steps", "draw", "train"):
        assert "font-size: 20px" in html(go_to(app, page)), page
    labelled(app.toggle, "Present").set_value(False).run()
    assert "font-size: 20px" not in html(go_to(app, "runs"))


@pytest.mark.parametrize("page", PAGES)
def test_whatever_page_is_shown_large_offers_to_show_it_as_usual_again(store: Store, page: str) -> None:
    finished(store)
    app = open_app(page, present="1")
    assert "font-size: 20px" in html(app)
    labelled(app.toggle, "Present").set_value(False).run()
    assert is_well(app) and "font-size: 20px" not in html(app)
    assert "present" not in app.query_params


# --- predict, then reveal -----------------------------------------------------------------------------------------


def guess(app: AppTest, words: str) -> AppTest:
    box = labelled(app.get("button_group"), "Your guess first: the final test accuracy, in %")
    chosen: AppTest = box.set_value([one.short for one in GUESSES].index(words)).run()
    return chosen


def test_the_guess_is_about_the_images_that_the_run_is_evaluated_on(store: Store) -> None:
    app = open_app("train", step="3", evaluate_on="validation")
    assert labelled(app.get("button_group"), "Your guess first: the final validation accuracy, in %")


def test_a_guess_is_drawn_on_the_chart_of_the_run_that_is_started_then(store: Store) -> None:
    app = guess(open_app("train"), "95–98")
    button(app, "Quick").click().run()
    assert "your guess" in str(figure(app, "accuracy")["layout"]["annotations"])
    assert component_data(app, "accuracy")["live"]["least"] == 95
    assert "<b>95 to 98 %</b>" in html(app) and "The result comes at the end." in html(app)
    button(app, "Start training").click().run()  # the next run is another question
    assert "annotations" not in figure(app, "accuracy")["layout"]


def test_a_guess_goes_with_the_fork_and_not_with_the_next_run(store: Store) -> None:
    app = guess(open_app("train", run=str(finished(store))), "95–98")
    next(one for one in app.button if one.label.startswith("Fork after")).click().run()
    assert is_well(app) and "<b>95 to 98 %</b>" in html(app)
    button(app, "Quick").click().run()
    assert "Your guess" not in html(app)


def test_a_guess_is_about_all_seeds_that_start_at_once(store: Store) -> None:
    app = guess(open_app("train"), "95–98")
    button(app, "Start 5 runs").click().run()
    assert "<b>95 to 98 %</b>" in html(app)
    app.session_state["run"] = 3
    assert "<b>95 to 98 %</b>" in html(app.run())
    button(app, "Quick").click().run()
    assert "Your guess" not in html(app)


def test_a_guess_stays_chosen_until_a_run_is_started(store: Store) -> None:
    app = guess(open_app("start"), "95–98")
    go_to(app, "steps")
    button(go_to(app, "train"), "Quick").click().run()
    assert "your guess" in str(figure(app, "accuracy")["layout"]["annotations"])
    question = "Your guess first: the final test accuracy, in %"
    assert labelled(go_to(app, "start").get("button_group"), question).value is None


def test_how_a_chart_is_shown_outlives_another_page(store: Store) -> None:
    finished(store)
    app = open_app("train")
    labelled(app.toggle, "Accuracy from 0 to 100 %").set_value(True).run()
    assert labelled(go_to(go_to(app, "runs"), "train").toggle, "Accuracy from 0 to 100 %").value is True


def test_in_the_end_it_is_said_how_far_off_a_guess_was(store: Store) -> None:
    app = guess(open_app("train"), "90–95")
    button(app, "Start training").click().run()
    run = the_run(store)
    claimed(store, run.id, ME)
    say(store, run.id, started(run.config), *(epoch(number, 9741) for number in range(1, 16)), Finished())
    app.run()
    assert is_well(app)
    for told in ("90 to 95 %", "97.41 %", "2.41 points more"):
        assert f"<b>{told}</b>" in html(app)
    assert "The result comes at the end." not in html(app)


def test_a_guess_outlives_a_reload_in_the_address(store: Store) -> None:
    app = guess(open_app("train"), "< 90")
    button(app, "Quick").click().run()
    kept = {name: str(app.query_params[name]) for name in ("run", "guess")}
    assert kept["guess"] == "0"
    again = open_app("start", **kept)
    assert "under 90 %" in html(go_to(again, "train"))


@pytest.mark.parametrize("words", ["6", "-1", "x", ""])
def test_an_address_with_a_guess_that_there_is_not_has_none(store: Store, dead_worker: str, words: str) -> None:
    run_id = run_that_is("running", store, dead_worker)
    app = go_to(open_app("start", run=str(run_id), guess=words), "train")
    assert is_well(app) and "Your guess" not in html(app)


def test_without_a_guess_nothing_is_asked_again(store: Store, dead_worker: str) -> None:
    run_that_is("finished", store, dead_worker)
    assert "Your guess" not in html(open_app("train"))
