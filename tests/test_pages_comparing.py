"""Runs side by side: their curves, where they differ, and an address that can be shared."""

import html
import re
from dataclasses import replace

import pytest
from app_pages import add_run, chart, epoch, is_well, labelled, open_app, words
from examples import tiny_run
from runs_page import select, ticked
from streamlit.testing.v1 import AppTest

from lab.events import Finished, Stopped
from lab.number_words import NO_BREAK
from lab.steps import step
from lab.store import Store
from lab.ui.run_table import CARDS


def compared(app: AppTest) -> dict[str, dict[str, str]]:
    """The table that compares: for each line what each column says."""
    (body,) = [element.proto.body for element in app.get("html") if 'class="plain"' in element.proto.body]
    table = body.replace(NO_BREAK, " ")
    head, *lines = re.findall("<tr>(.*?)</tr>", table)
    names = re.findall("<th[^>]*>(.*?)</th>", head)
    rows = [[html.unescape(cell) for cell in re.findall("<td[^>]*>(.*?)</td>", line)] for line in lines]
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def test_a_run_that_the_address_names_twice_is_compared_once(store: Store) -> None:
    run = store.submit(tiny_run())
    app = open_app("runs", compare=f"{run},{run},{run}")
    assert app.query_params["compare"] == str(run)


def test_several_runs_are_overlaid_and_compared_by_where_their_configs_differ(store: Store) -> None:
    one = add_run(store, epoch(1, 9800), epoch(2, 9850), Stopped(), config=tiny_run(seed=1), name="one")
    two = add_run(store, epoch(1, 9900), Stopped(), config=tiny_run(seed=2, batch_size=32), name="two")
    app = select(open_app("runs"), 0, 1)
    assert is_well(app)
    accuracy, loss = chart(app, "overlay-accuracy"), chart(app, "overlay-loss")
    assert list(accuracy) == list(loss) == [f"run {one}: one", f"run {two}: two"]
    assert accuracy[f"run {one}: one"]["y"] == [98.0, 98.5]
    assert loss[f"run {two}: two"]["y"] == [0.04]
    shown = compared(app)
    assert list(shown["Seed"]) == [f"Run {one}", f"Run {two}"]
    assert list(shown["Seed"].values()) == ["1", "2"]
    assert list(shown["Batch size"].values()) == ["16", "32"]
    assert "Dropout" not in shown  # the same in both


def test_one_selected_run_shows_its_config_in_words(store: Store) -> None:
    store.submit(replace(step(5).config, training_images=2000, evaluate_on="validation"))
    told = words(select(open_app("runs"), 0))
    settings = ("rotation ±7°", "× 0.1 every 5 epochs", "SGD, learning rate 0.01")
    for fact in (*settings, "2,000", "validation images, held out of training"):
        assert fact in told


def test_runs_without_an_epoch_are_compared_without_charts(store: Store) -> None:
    store.submit(tiny_run(seed=1))
    store.submit(tiny_run(seed=2))
    app = select(open_app("runs"), 0, 1)
    assert is_well(app)
    drawn = [component.key for component in app.get("bidi_component")]
    assert drawn == ["draw_anew", "kept-draft", "channel", "table_order", CARDS, "table_keys"]
    assert list(compared(app)["Seed"].values()) == ["1", "2"]


def test_two_runs_of_one_config_are_said_to_have_the_same_settings(store: Store) -> None:
    first, second = store.submit(tiny_run()), store.submit(tiny_run())
    assert "These runs have the same settings." in words(select(open_app("runs"), 0, 1))
    assert first != second


def test_all_settings_are_a_click_away_from_the_differences(store: Store) -> None:
    store.submit(tiny_run(seed=1))
    store.submit(tiny_run(seed=2))
    app = select(open_app("runs"), 0, 1)
    labelled(app.toggle, "Differences only").set_value(False).run()
    assert list(compared(app)["Dropout"].values()) == ["none", "none"]


def test_all_settings_stay_shown_when_other_runs_are_compared(store: Store) -> None:
    for seed in range(3):
        store.submit(tiny_run(seed=seed))
    app = select(open_app("runs"), 0, 1)
    labelled(app.toggle, "Differences only").set_value(False).run()
    select(select(app, 0), 0, 2)
    assert labelled(app.toggle, "Differences only").value is False


def test_complete_seeds_of_one_config_are_a_group_and_can_be_seen_singly(store: Store) -> None:
    one, two = (
        add_run(
            store,
            epoch(1, 9800 + 100 * seed),
            Finished(),
            config=tiny_run(seed=seed, epochs=1),
            name=f"tiny, seed {seed}",
        )
        for seed in (0, 1)
    )
    app = select(open_app("runs"), 0, 1)
    assert f"runs {one}, {two}: tiny" in chart(app, "overlay-accuracy")
    assert compared(app)["Last test accuracy, %"] == {f"Runs {one}, {two}": "98.50 ± 0.71 (2)"}
    labelled(app.toggle, "Group runs that differ only in their seed").set_value(False).run()
    assert list(compared(app)["Last test accuracy, %"].values()) == ["98.00", "99.00"]


# --- an address that can be shared -------------------------------------------------------------------------------


def test_the_address_says_which_runs_are_compared_and_opens_them_again(store: Store) -> None:
    ids = [store.submit(tiny_run(seed=seed)) for seed in range(3)]
    app = select(open_app("runs"), 0, 2)
    assert app.query_params["compare"] == f"{ids[0]},{ids[2]}"
    shared = open_app("runs", compare=f"{ids[0]},{ids[2]}")
    assert ticked(shared) == [ids[2], ids[0]]
    assert list(compared(shared)["Seed"].values()) == ["0", "2"]
    select(app)
    assert "compare" not in app.query_params


@pytest.mark.parametrize("wrong", ["99", "x,-1,", "9" * 5000, "1;2"])
def test_an_address_of_runs_that_are_not_here_compares_none(wrong: str, store: Store) -> None:
    store.submit(tiny_run())
    app = open_app("runs", compare=wrong)
    assert is_well(app)
    assert ticked(app) == []
    assert ("These runs are not here, or were deleted: 99." in words(app)) == (wrong == "99")


def test_an_address_of_hundreds_of_runs_compares_the_last_of_them_too(store: Store) -> None:
    first, last = (store.submit(tiny_run(seed=seed)) for seed in range(2))
    app = open_app("runs", compare=",".join([str(first)] * 600 + [str(last)]))
    assert ticked(app) == [last, first]
    assert app.query_params["compare"] == f"{first},{last}"


def test_of_hundreds_of_runs_that_are_not_here_a_few_are_named(store: Store) -> None:
    store.submit(tiny_run())
    app = open_app("runs", compare=",".join(map(str, range(1, 301))))
    assert "deleted: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 289 more." in words(app)


def test_an_address_that_is_too_long_is_cut_between_two_runs_and_that_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run 12 is no run 1."""
    ids = [store.submit(tiny_run(seed=seed)) for seed in range(12)]
    monkeypatch.setattr("lab.ui.state.MOST_COMPARED", len("2,1"))
    app = open_app("runs", compare=f"{ids[1]},{ids[11]}")
    assert ticked(app) == [ids[1]]
    assert "Those at its end are left out." in words(app)
