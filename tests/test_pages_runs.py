"""The Runs page: every run, opened, renamed, deleted with a confirmation, and taken along."""

import pytest
from app_pages import ME, button, draft, errors, go_to, is_well, labelled, labels, open_app, run_that_is, the_run, words
from claiming import claimed, say
from examples import tiny_run
from runs_page import button_of_page, select
from stories import finished
from train_controls import EVERYTHING_ELSE, controls, expected

from lab.export import COMPARISON_FILES, FILES
from lab.mnist import Mnist
from lab.store import Store
from lab.training import train
from lab.ui import take_along


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
