"""The table of runs: what a line says, which runs are ticked, and the order that its reader gave it."""

import json
from datetime import datetime
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from app_pages import add_run, as_read, button, component_data, epoch, go_to, is_well, labelled, open_app
from examples import tiny_run
from runs_page import asked_about, button_of_page, select, ticked
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from lab.events import Stopped
from lab.number_words import unbroken
from lab.standing import moment
from lab.steps import step
from lab.store import Store
from lab.ui import run_table
from lab.ui.run_table import CARDS, DRAWN, ORDER
from lab.ui.table_order import Order


def as_shown(table: Any) -> pd.DataFrame:
    """What a reader sees in the cells; `table.value` is what they are ordered by."""
    return convert_arrow_bytes_to_pandas_df(table.proto.arrow_data.styler.display_values)


def test_the_same_runs_make_the_same_table_whatever_is_ticked(store: Store) -> None:
    """Streamlit sends a browser nothing that it has: of 1,500 runs half a megabyte at every click."""
    for _ in range(3):
        add_run(store, epoch(1), Stopped())
    app = open_app("runs")
    first = app.dataframe[0].proto.SerializeToString()
    assert ticked(select(app, 1)) == [2]
    assert ticked(select(app, 0, 2)) == [3, 1]
    assert app.dataframe[0].proto.SerializeToString() == first


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
