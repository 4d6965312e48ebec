"""A run's curves and figures on the Train page, while it trains and when it has ended."""

from dataclasses import replace

import pytest
from app_pages import (
    add_run,
    as_read,
    axis,
    button,
    chart,
    checks,
    draft,
    epoch,
    errors,
    figures,
    go_to,
    is_well,
    labelled,
    labels,
    open_app,
    run_that_is,
    window,
    words,
)
from claiming import say
from examples import tiny_run
from stories import finished

from lab.describe import curve_notes
from lab.events import Finished, Stopped
from lab.evidence import one_seed_words, reference_pools
from lab.quick import quick
from lab.seeds import main_pool
from lab.steps import step
from lab.store import Store


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


def test_how_a_chart_is_shown_outlives_another_page(store: Store) -> None:
    finished(store)
    app = open_app("train")
    labelled(app.toggle, "Accuracy from 0 to 100 %").set_value(True).run()
    assert labelled(go_to(go_to(app, "runs"), "train").toggle, "Accuracy from 0 to 100 %").value is True
