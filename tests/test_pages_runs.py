"""The Runs page: every run, opened, renamed, deleted with a confirmation, and compared."""

import html
import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from app_pages import (
    ME,
    add_run,
    as_read,
    button,
    chart,
    component_data,
    draft,
    epoch,
    errors,
    go_to,
    is_well,
    labelled,
    labels,
    open_app,
    run_that_is,
    the_run,
    words,
)
from examples import claimed, say, tiny_run
from stories import finished
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest
from train_controls import EVERYTHING_ELSE, controls, expected

from lab.events import Finished, Stopped
from lab.export import COMPARISON_FILES, FILES
from lab.mnist import Mnist
from lab.number_words import NO_BREAK, unbroken
from lab.standing import moment
from lab.steps import step
from lab.store import Store
from lab.training import train
from lab.ui import run_table, take_along
from lab.ui.run_table import CARDS, DRAWN, ORDER
from lab.ui.table_order import Order


def select(app: AppTest, *rows: int) -> AppTest:
    """Tick rows of the table of runs, 0 the newest."""
    app.session_state[app.session_state[DRAWN].key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    app.run()
    return app


def compared(app: AppTest) -> dict[str, dict[str, str]]:
    """The table that compares: for each line what each column says."""
    (body,) = [element.proto.body for element in app.get("html") if 'class="plain"' in element.proto.body]
    table = body.replace(NO_BREAK, " ")
    head, *lines = re.findall("<tr>(.*?)</tr>", table)
    names = re.findall("<th[^>]*>(.*?)</th>", head)
    rows = [[html.unescape(cell) for cell in re.findall("<td[^>]*>(.*?)</td>", line)] for line in lines]
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def answer_dialog(app: AppTest, opener: str, answer: str) -> None:
    """Open a dialog and press one of its buttons: in one script run, since AppTest has no fragment runs."""
    button(app, opener).set_value(True)
    (dialog,) = app.get("dialog")
    labelled(dialog.button, answer).click().run()


def as_shown(table: Any) -> pd.DataFrame:
    """What a reader sees in the cells; `table.value` is what they are ordered by."""
    return convert_arrow_bytes_to_pandas_df(table.proto.arrow_data.styler.display_values)


def test_the_table_has_every_run_newest_first_with_its_result(store: Store) -> None:
    told = epoch(1, 9910, train=99.3, seconds=30.0), epoch(2, 9900, train=98.0, seconds=40.0, measured=9950)
    old = add_run(store, *told, Stopped())
    new = store.submit(step(1).config)
    drawn = open_app("runs").dataframe[0]
    table, words = drawn.value, as_shown(drawn)
    assert table["Run"].tolist() == [new, old]
    assert table["Status"].tolist() == ["queued", "stopped"]
    assert words["Epochs"].tolist() == ["0 of 15", "2 of 3"]
    assert table["Last, %"].iloc[1] == 99.00
    assert table["Best, %"].iloc[1] == 99.10
    assert table["Gap"].iloc[1] == pytest.approx(0.5)
    assert table["Parameters"].iloc[0] == 185_930
    assert table["Evaluated on"].tolist() == ["test", "test"]
    assert [began.startswith("queued ") for began in words["Started"]] == [True, False]
    assert words["Training time"].iloc[1] == unbroken("1 min 10 s")
    assert table["Last, %"].isna().tolist() == [True, False]


def test_the_columns_are_ordered_by_what_their_words_mean(store: Store) -> None:
    """Which Streamlit's table does by their values: by letters `10 of 15` comes before `9 of 15`."""
    started = [datetime(2026, month, day, 12).timestamp() for month, day in ((9, 30), (10, 2), (11, 1))]
    for epochs, seconds, moment_of in zip((2, 9, 10), (9.0, 70.0, 3700.0), started, strict=True):
        told = [epoch(number, seconds=seconds / epochs) for number in range(1, epochs + 1)]
        run_id = add_run(store, *told, Stopped(), config=tiny_run(epochs=12))
        with store._database.writing() as connection:
            change = sa.text("UPDATE runs SET started = :started WHERE id = :id")
            connection.execute(change, {"started": moment_of, "id": run_id})
    table = open_app("runs").dataframe[0]
    for column in ("Epochs", "Training time", "Started"):
        assert table.value[column].is_monotonic_decreasing  # the newest run comes first
        assert not as_shown(table)[column].is_monotonic_decreasing  # so these words alone would mislead


def test_a_gap_below_zero_has_a_true_minus_sign_and_none_is_empty(store: Store) -> None:
    add_run(store, epoch(1, 9900, measured=9860), Stopped())
    store.submit(step(1).config)
    drawn = open_app("runs").dataframe[0]
    assert as_shown(drawn)["Gap"].tolist() == ["", "−0.40"]
    assert drawn.value["Gap"].iloc[1] == pytest.approx(-0.4)


def test_the_cards_say_the_same_of_every_run_and_which_are_ticked(store: Store) -> None:
    old = add_run(store, epoch(1, 9910), Stopped(), name="mine")
    new = store.submit(step(1).config)
    given = component_data(select(open_app("runs"), 1), CARDS)
    assert [list(card.values()) for card in given["cards"]] == [
        [new, store.run(new).name, "", f"run {new}, step 1, queued"],
        [old, "mine", unbroken("test 99.10 %"), f"run {old}, stopped"],
    ]
    assert given["ticked"] == [old]


def test_nothing_can_be_done_before_a_run_is_selected_and_only_deleting_with_several(store: Store) -> None:
    store.submit(tiny_run())
    store.submit(tiny_run())
    app = open_app("runs")
    names = ("Open", "Rename", "Delete")
    assert [button(app, name).disabled for name in names] == [True] * 3
    select(app, 0)
    assert [button(app, name).disabled for name in names] == [False] * 3
    select(app, 0, 1)
    assert [button(app, name).disabled for name in names] == [True, True, False]


def test_a_run_is_opened_on_the_train_page(store: Store, dead_worker: str) -> None:
    old = run_that_is("finished", store, dead_worker)
    run_that_is("running", store, dead_worker)
    app = select(open_app("runs"), 1)
    button(app, "Open").click().run()
    assert is_well(app)
    assert [title.value for title in app.title] == ["Train"]
    assert app.query_params["run"] == str(old)
    assert f"run {old}, started" in words(app)


def test_a_run_that_is_opened_brings_its_settings_and_ones_own_are_a_click_away(store: Store) -> None:
    store.submit(EVERYTHING_ELSE)
    app = open_app("train")
    labelled(app.text_input, "Seed").set_value("77").run()
    own = draft(app)
    go_to(app, "runs")
    select(app, 0)
    button(app, "Open").click().run()
    assert is_well(app)
    assert draft(app) == EVERYTHING_ELSE
    assert controls(app) == expected(EVERYTHING_ELSE)
    button(app, "Back to my settings").click().run()
    assert draft(app) == own
    assert "Back to my settings" not in [element.label for element in app.button]


def test_a_run_is_renamed(store: Store) -> None:
    store.submit(tiny_run(), name="before")
    app = select(open_app("runs"), 0)
    button(app, "Rename").click().run()
    assert labelled(app.text_input, "Name").value == "before"
    labelled(app.text_input, "Name").set_value("  Anna's first run ")
    button_of_page(app, "Rename").set_value(True)
    (dialog,) = app.get("dialog")
    labelled(dialog.button, "Rename").click().run()
    assert is_well(app)
    assert the_run(store).name == "Anna's first run"
    assert app.dataframe[0].value["Name"].tolist() == ["Anna's first run"]
    assert not app.get("dialog")


def button_of_page(app: AppTest, label: str) -> Any:
    """The button outside the dialog, where both have one of this name."""
    (dialog,) = app.get("dialog")
    inside = [item.proto.id for item in dialog.button]
    return labelled([item for item in app.button if item.proto.id not in inside], label)


def test_an_empty_name_cannot_be_given(store: Store) -> None:
    store.submit(tiny_run(), name="before")
    app = select(open_app("runs"), 0)
    button(app, "Rename").click().run()
    labelled(app.text_input, "Name").set_value("   ")
    button_of_page(app, "Rename").set_value(True)
    (dialog,) = app.get("dialog")
    labelled(dialog.button, "Rename").click().run()
    assert errors(app) == ["A run needs a name of at least one character."]
    assert the_run(store).name == "before"


def test_deleting_asks_first_and_names_what_would_be_lost(store: Store) -> None:
    store.submit(tiny_run(), name="first")
    store.submit(tiny_run(), name="second")
    app = select(open_app("runs"), 0, 1)
    button(app, "Delete").click().run()
    (dialog,) = app.get("dialog")
    asked = "\n".join(element.value for element in (*dialog.markdown, *dialog.caption))
    assert "first" in asked
    assert "second" in asked
    assert "The runs, their curves and their weights cannot be brought back" in asked
    assert len(store.runs()) == 2


def test_a_run_that_the_address_names_twice_is_compared_once(store: Store) -> None:
    run = store.submit(tiny_run())
    app = open_app("runs", compare=f"{run},{run},{run}")
    assert app.query_params["compare"] == str(run)


def test_keep_deletes_nothing(store: Store) -> None:
    store.submit(tiny_run())
    app = select(open_app("runs"), 0)
    button(app, "Delete").click().run()
    button_of_page(app, "Delete").set_value(True)
    button(app, "Keep").click().run()
    assert is_well(app)
    assert not app.get("dialog")
    assert len(store.runs()) == 1


def test_delete_removes_the_selected_runs_and_no_other(store: Store, dead_worker: str) -> None:
    ids = [run_that_is(status, store, dead_worker) for status in ("finished", "running", "queued")]
    app = select(open_app("runs", run=str(ids[0])), 1, 2)  # the running and the finished one
    button(app, "Delete").click().run()
    button_of_page(app, "Delete").set_value(True)
    (dialog,) = app.get("dialog")
    labelled(dialog.button, "Delete").click().run()
    assert is_well(app)
    assert [run.id for run in store.runs()] == [ids[2]]
    assert store.events_after(ids[0]) == []
    assert app.query_params.get("run") is None  # it was the one looked at


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


# --- what a run has learned --------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["runs", "train"])
@pytest.mark.parametrize(("label", "opened"), [("Its mistakes", "Mistakes"), ("Look inside it", "Inside a network")])
def test_a_run_leads_to_what_it_has_learned(page: str, label: str, opened: str, store: Store, few: Mnist) -> None:
    run = trained_run(store, few)
    trained_run(store, few)
    app = open_app(page, **({"compare": str(run)} if page == "runs" else {"run": str(run)}))
    button(app, label).click().run()
    assert is_well(app)
    assert app.title[0].value == opened
    assert labelled(app.selectbox, "Network").value == run


def trained_run(store: Store, few: Mnist) -> int:
    """A finished run, evaluated on 30 test images."""
    run_id = store.submit(tiny_run())
    claimed(store, run_id, ME)
    say(store, run_id, *train(tiny_run(), few))
    return run_id


def test_a_run_without_an_epoch_has_learned_nothing_yet(store: Store) -> None:
    run = store.submit(tiny_run())
    assert "Its mistakes" not in labels(open_app("runs", compare=str(run)).button)


# --- files to take along -----------------------------------------------------------------------------------------


def test_a_selected_runs_files_are_offered_and_made_only_when_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_along, "run_file", lambda *_: pytest.fail("made before it was asked for"))
    run = finished(store)
    app = select(open_app("runs"), 0)
    assert is_well(app)
    offered = {element.proto.label: element.proto for element in app.get("download_button")}
    assert list(offered) == ["Everything (ZIP)", *take_along.OFFERED]
    assert not any(button.disabled for button in offered.values())
    assert set(take_along.OFFERED.values()) <= set(FILES)
    assert store.run(run).status == "finished"


def test_weights_are_offered_once_there_are_some(store: Store) -> None:
    store.submit(tiny_run())
    app = select(open_app("runs"), 0)
    disabled = [element.proto.label for element in app.get("download_button") if element.proto.disabled]
    assert disabled == ["Weights (safetensors)"]


def test_the_comparison_is_offered_as_it_is_shown(store: Store) -> None:
    runs = [finished(store, tiny_run(seed=seed)) for seed in range(2)]
    app = select(open_app("runs"), 0, 1)
    assert is_well(app)
    offered = {element.proto.label for element in app.get("download_button")}
    assert offered == set(take_along.COMPARISON_OFFERED)
    assert set(take_along.COMPARISON_OFFERED.values()) == set(COMPARISON_FILES)
    assert store.run(runs[0]).status == "finished"


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


# --- a run is ticked, not a row ----------------------------------------------------------------------------------


def ticked(app: AppTest) -> list[int]:
    """The runs whose rows are ticked as the table is drawn now."""
    table = app.dataframe[0]
    rows = app.session_state[app.session_state[DRAWN].key]["selection"]["rows"]
    return [int(table.value["Run"].iloc[row]) for row in rows]


def asked_about(app: AppTest) -> str:
    """What the open dialog says."""
    (dialog,) = app.get("dialog")
    return as_read("\n".join(element.value for element in (*dialog.markdown, *dialog.caption)))


def test_a_run_that_somebody_else_starts_does_not_take_the_place_of_the_one_that_is_ticked(store: Store) -> None:
    mine = store.submit(tiny_run(), name="mine")
    app = select(open_app("runs"), 0)
    store.submit(tiny_run(), name="somebody else's")
    button(app, "Delete").click().run()
    assert "mine" in asked_about(app) and "somebody else's" not in asked_about(app)
    assert ticked(app) == [mine]


def test_a_row_that_was_ticked_in_an_old_drawing_means_the_run_that_was_drawn_there(store: Store) -> None:
    mine = store.submit(tiny_run(), name="mine")
    app = open_app("runs")
    store.submit(tiny_run(), name="somebody else's")  # the browser does not know yet
    select(app, 0)
    assert ticked(app) == [mine]
    button(app, "Rename").click().run()
    assert labelled(app.text_input, "Name").value == "mine"


def test_a_run_that_is_deleted_elsewhere_ticks_no_other(store: Store) -> None:
    for name in ("a", "b", "c"):
        store.submit(tiny_run(), name=name)
    app = select(open_app("runs"), 1)
    store.delete(store.runs()[1].id)
    app.run()
    assert ticked(app) == []
    assert button(app, "Delete").disabled


def test_after_a_delete_nothing_is_ticked_by_itself(store: Store) -> None:
    ids = [store.submit(tiny_run()) for _ in range(4)]
    app = select(open_app("runs"), 1, 3)
    answer_delete(app)
    assert [run.id for run in store.runs()] == [ids[3], ids[1]]
    assert ticked(app) == []
    assert button(app, "Delete").disabled


def answer_delete(app: AppTest) -> None:
    button(app, "Delete").click().run()
    button_of_page(app, "Delete").set_value(True)
    (dialog,) = app.get("dialog")
    labelled(dialog.button, "Delete").click().run()


def test_a_ticked_run_stays_ticked_when_the_page_was_left(store: Store) -> None:
    ids = [store.submit(tiny_run()) for _ in range(3)]
    app = select(open_app("runs"), 0, 2)
    go_to(app, "steps")
    store.delete(ids[1])
    go_to(app, "runs")
    assert ticked(app) == [ids[2], ids[0]]


# --- in the order that its reader gave it ------------------------------------------------------------------------


def three_runs(store: Store) -> list[int]:
    """The first is the best, the second has none."""
    best, worst = ((epoch(1, correct), Stopped()) for correct in (9900, 9800))
    return [add_run(store, *told) for told in (best, (Stopped(),), worst)]


def in_table(app: AppTest) -> list[int]:
    """The runs, from the first row on."""
    found: list[int] = app.dataframe[0].value["Run"].tolist()
    return found


def marked(app: AppTest) -> str:
    """The head that has an arrow of ours, as the browser is told it."""
    heads = [column.get("label") for column in json.loads(app.dataframe[0].proto.columns).values()]
    found = component_data(app, "table_order")["marked"]
    assert [head for head in heads if head] == ([found] if found else [])
    return str(found)


def test_a_table_that_is_come_back_to_is_ordered_and_ticked_as_it_was_left(store: Store) -> None:
    best, without, worst = three_runs(store)
    app = select(open_app("runs"), 2)
    assert (in_table(app), marked(app)) == ([worst, without, best], "")
    app.session_state[ORDER] = Order("Best, %", is_down=True)
    go_to(go_to(app, "steps"), "runs")
    assert is_well(app)
    assert (in_table(app), marked(app)) == ([best, worst, without], "↓ Best, %")
    assert ticked(app) == [best]
    assert [card["run"] for card in component_data(app, CARDS)["cards"]] == [best, worst, without]


def test_a_run_that_comes_takes_its_place_in_the_order(store: Store) -> None:
    best, without, worst = three_runs(store)
    app = open_app("runs")
    app.session_state[ORDER] = Order("Best, %", is_down=True)
    between = add_run(store, epoch(1, 9850), Stopped())
    app.run()
    assert (in_table(app), marked(app)) == ([best, between, worst, without], "↓ Best, %")


def test_the_browsers_order_needs_no_new_table_and_no_order_any_more_is_the_newest_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AppTest cannot order a table; the browser tests do."""
    best, without, worst = three_runs(store)
    app = open_app("runs")
    first = app.session_state[DRAWN]
    heard(monkeypatch, app, Order("Best, %", is_down=True))
    assert app.session_state[DRAWN].key == first.key
    assert (in_table(app), marked(app)) == ([worst, without, best], "")  # Streamlit has ordered and marked it
    go_to(go_to(app, "steps"), "runs")
    heard(monkeypatch, app, Order("Run", is_down=False))
    assert (in_table(app), marked(app)) == ([best, worst, without], "")
    select(app, 1)
    heard(monkeypatch, app, None)
    assert (in_table(app), marked(app)) == ([worst, without, best], "")
    assert ticked(app) == [worst]


def heard(monkeypatch: pytest.MonkeyPatch, app: AppTest, order: Order | None) -> None:
    """Have the browser tell this order, before the page is drawn."""
    draw = run_table._drawn_for

    def told_first(listed: Any) -> Any:
        run_table._take_order()
        return draw(listed)

    with monkeypatch.context() as patch:
        patch.setattr(run_table, "heard_order", lambda: order)
        patch.setattr(run_table, "_drawn_for", told_first)
        app.run()


# --- when it began, and what cannot be read ----------------------------------------------------------------------


def test_the_table_says_when_a_run_began_and_since_when_one_waits(store: Store) -> None:
    add_run(store, Stopped())
    store.submit(tiny_run())
    stopped = store.submit(tiny_run())
    store.send(stopped, "stop")
    table = open_app("runs").dataframe[0]
    began = dict(zip(table.value["Run"], as_shown(table)["Started"], strict=True))
    first, waiting, never = sorted(began)
    assert began[first] == moment(store.run(first).started or 0)
    assert began[waiting] == f"queued {moment(store.run(waiting).created)}"
    assert began[never] == "never"


def test_a_run_that_cannot_be_read_is_a_row_that_can_be_deleted(store: Store) -> None:
    well, broken = store.submit(tiny_run(), name="well"), store.submit(tiny_run(), name="of a *later* lab")
    with store._database.writing() as connection:
        change = sa.text("UPDATE runs SET config = :config WHERE id = :id")
        connection.execute(change, {"config": '{"colour": "<b>red</b>"}', "id": broken})
    app = select(open_app("runs"), 0)
    table = app.dataframe[0].value
    assert table["Status"].tolist() == ["unreadable", "queued"]
    assert table["Name"].tolist() == ["of a *later* lab", "well"]
    assert [button(app, name).disabled for name in ("Open", "Rename", "Delete")] == [True, True, False]
    (warning,) = app.warning
    assert as_read(warning.value).startswith(f"Run {broken} cannot be read: config has no field")  # and once only
    answer_delete(app)
    assert is_well(app)
    assert app.dataframe[0].value["Run"].tolist() == [well]
    for page in ("steps", "train"):
        assert is_well(go_to(app, page))
