"""`python -m lab`: what each command prints, to people and as JSON."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from app_pages import add_run, epoch
from command_line import EPOCH_KEYS, SHORT, Lab, answer, commands
from examples import tiny_run
from summaries import pools, seed_runs

from lab import cli_rows, jobs
from lab.events import Stopped
from lab.mnist import DataError, Mnist
from lab.store import Store


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], few: Mnist) -> Iterator[Lab]:
    """Runs a command in this process, on a few digits."""
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    with commands(monkeypatch, capsys, width=200) as run:
        yield run


def test_no_command_lists_the_commands_line_by_line(lab: Lab) -> None:
    code, out, err = lab()
    assert (code, err) == (0, "")
    listed = [line.split()[0] for line in out.split("Commands:")[1].splitlines() if line.strip()]
    assert {"steps", "layers", "train", "runs", "show", "resume", "predict"} <= set(listed)


# --- steps and layers --------------------------------------------------------------------------------------------


def test_steps_as_json_are_seven_rows_in_order(lab: Lab) -> None:
    rows = answer(lab("steps", "--json"))
    keys = ["step", "name", "parameters", "batch_norm", "dropout", "augmentation", "scheduler"]
    keys += ["published_final_accuracy", "published_best_accuracy"]
    assert [list(row) for row in rows] == [keys] * 7
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert [row["parameters"] for row in rows] == [185_930, 9_122, 9_426, 9_426, 9_426, 9_884, 4_114]
    assert [row["batch_norm"] for row in rows] == [False, False, True, True, True, True, True]
    assert [row["dropout"] for row in rows][:5] == [0.0, 0.0, 0.05, 0.05, 0.05]
    assert [row["augmentation"] for row in rows][:5] == [None, None, None, "rotation ±7°", "rotation ±7°"]
    assert [row["scheduler"] for row in rows][:5] == [None, None, None, None, "× 0.1 every 5 epochs"]
    assert [row["published_final_accuracy"] for row in rows] == [99.13, 98.92, 99.37, 99.39, 99.40, None, None]
    assert [row["published_best_accuracy"] for row in rows] == [99.23, 99.10, 99.45, 99.41, 99.40, None, None]


def test_layers_as_json_are_the_rows_of_the_table(lab: Lab) -> None:
    rows = answer(lab("layers", "--step", 3, "--json"))
    assert len(rows) == 9
    assert rows[3] == {
        "index": 4,
        "kind": "conv",
        "kernel": 3,
        "stride": 1,
        "padding": 0,
        "input_shape": [16, 14, 14],
        "output_shape": [16, 12, 12],
        "parameters": 3 * 3 * 16 * 16 + 16 + 2 * 16,
        "macs": 3 * 3 * 16 * 16 * 12 * 12,
        "jump": 2,
        "receptive_field": 10,
    }
    assert [row["kind"] for row in rows] == [
        "conv",
        "conv",
        "max_pool",
        "conv",
        "conv",
        "max_pool",
        "conv",
        "conv",
        "global_average_pool",
    ]
    assert [row["receptive_field"] for row in rows] == [5, 5, 6, 10, 10, 12, 20, 28, 32]
    assert list(rows[0]) == list(rows[3])


def test_the_layers_of_step_1_end_in_the_linear_one(lab: Lab) -> None:
    rows = answer(lab("layers", "--step", 1, "--json"))
    kinds = ["conv", "conv", "conv", "max_pool", "conv", "conv", "conv", "global_average_pool", "linear"]
    assert [row["kind"] for row in rows] == kinds
    assert [row["receptive_field"] for row in rows] == [3, 5, 7, 8, 12, 16, 20, 30, 30]
    assert rows[-1] == {
        "index": 9,
        "kind": "linear",
        "kernel": 1,
        "stride": 1,
        "padding": 0,
        "input_shape": [64, 1, 1],
        "output_shape": [10, 1, 1],
        "parameters": 64 * 10 + 10,
        "macs": 64 * 10,
        "jump": 2,
        "receptive_field": 30,
    }


@pytest.mark.parametrize("number", range(1, 7))
def test_the_parameters_of_the_layers_add_up_to_those_of_the_step(lab: Lab, number: int) -> None:
    layers, steps = answer(lab("layers", "--step", number, "--json")), answer(lab("steps", "--json"))
    assert sum(layer["parameters"] for layer in layers) == steps[number - 1]["parameters"]


def test_people_get_tables(lab: Lab) -> None:
    code, out, _ = lab("steps")
    assert code == 0
    assert "Batch norm and dropout" in out
    assert "99.37 %" in out
    code, out, _ = lab("layers", "--step", "2")
    assert code == 0
    assert "96x28x28" in out
    assert "9,122" in out
    code, out, _ = lab("layers", "--step", "1")
    assert code == 0
    last = next(line.split() for line in out.splitlines() if "linear" in line)
    assert last == ["9", "linear", "-", "-", "-", "64x1x1", "10x1x1", "650", "640", "2", "30"]


# --- runs, show, resume ------------------------------------------------------------------------------------------


def test_runs_are_listed_newest_first_with_their_results(lab: Lab, store: Store) -> None:
    assert answer(lab("runs", "--json")) == []
    lab("train", "--step", 3, "--epochs", 2, *SHORT)
    store.submit(tiny_run(seed=9))
    waiting, trained = answer(lab("runs", "--json"))
    assert (waiting["run"], waiting["step"], waiting["status"], waiting["seed"]) == (2, None, "queued", 9)
    assert (waiting["epochs_done"], waiting["last_test_accuracy"], waiting["best_test_accuracy"]) == (0, None, None)
    assert (trained["run"], trained["step"], trained["status"]) == (1, 3, "finished")
    assert (trained["epochs_done"], trained["epochs_planned"]) == (2, 2)
    accuracies = [epoch.test_accuracy for epoch in store.epochs([1])[1]]
    assert trained["last_test_accuracy"] == accuracies[-1]
    assert trained["best_test_accuracy"] == max(accuracies)


def test_runs_for_people_says_how_to_make_the_first(lab: Lab) -> None:
    code, out, _ = lab("runs")
    assert code == 0
    assert "No runs yet" in out
    lab("train", "--step", 3, "--epochs", 1, *SHORT)
    code, out, _ = lab("runs")
    assert code == 0
    assert "finished" in out
    assert "1/1" in out


def test_what_machines_get_is_json_also_of_a_run_that_has_diverged(lab: Lab, store: Store) -> None:
    diverged = replace(epoch(1), train_loss=math.nan, test_loss=math.inf)
    run = add_run(store, diverged, Stopped())

    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    _, out, _ = lab("show", run, "--json")
    (shown,) = json.loads(out, parse_constant=no_constant)["epochs"]
    assert (shown["train_loss"], shown["test_loss"], shown["test_accuracy"]) == (None, None, 99.0)


def test_show_has_the_config_and_every_epoch(lab: Lab, store: Store) -> None:
    lab("train", "--step", 3, "--epochs", 2, *SHORT)
    shown = answer(lab("show", 1, "--json"))
    assert shown["config"]["network"]["dropout"] == 0.05
    assert shown["config"]["epochs"] == 2
    assert [row["epoch"] for row in shown["epochs"]] == [1, 2]
    assert set(shown["epochs"][0]) >= EPOCH_KEYS
    assert {key: shown[key] for key in ("run", "status", "epochs_done")} == {
        "run": 1,
        "status": "finished",
        "epochs_done": 2,
    }
    code, out, _ = lab("show", 1)
    assert code == 0
    assert "conv 5x5, 96 channels, padding 2" in out
    assert "wrong of 10,000" in out


# --- what a user has named ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        *((name, name) for name in ("old [/b]", "[seed 2]", "lr<b>0.1</b>", ":rocket:", "[link=x]y[/link]", r"\[a]")),
        *((name, name) for name in ("5*5 vs 3*3", "lr $0.1$", "\N{ROCKET} Größe ±7°")),
        ("red \x1b[31mink\x1b[0m", r"red \x1b[31mink\x1b[0m"),
        ("one\ntwo\tthree", r"one\ntwo\tthree"),
        ("abc\u202edef", r"abc\u202edef"),
        ("\x9b31m", r"\x9b31m"),
    ],
)
def test_a_name_appears_as_typed_and_its_control_characters_are_written_out(
    lab: Lab, store: Store, name: str, shown: str
) -> None:
    store.submit(tiny_run(), name)
    for command in (("runs",), ("show", 1)):
        code, out, err = lab(*command)
        assert (code, err) == (0, "")
        assert shown in out
        assert "\x1b" not in out
    assert answer(lab("runs", "--json"))[0]["name"] == name


def test_the_reason_of_a_failure_is_text_too(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def ill(device: str) -> Mnist:
        raise DataError("The file [/b] :rocket: is\nmissing.")

    monkeypatch.setattr(jobs, "load_mnist", ill)
    assert r"failed: The file [/b] :rocket: is\nmissing." in lab("train", "--step", 2, *SHORT)[1]
    assert r"failed The file [/b] :rocket: is\nmissing." in lab("show", 1)[1]


# --- predict -----------------------------------------------------------------------------------------------------


def test_results_as_json_are_a_row_for_each_step_and_terms(lab: Lab) -> None:
    assert answer(lab("results", "--json")) == []
    [pool] = pools(*seed_runs(5, 99.30, 99.40, 99.50))
    row = cli_rows.pool_row(pool)
    assert (row["step"], row["computed"], row["published_final"]) == (5, "float32, compiled engine", 99.40)
    assert (row["seeds"], row["finals"], row["held_target"]) == ((1, 2, 3), (99.30, 99.40, 99.50), 2)
    assert (row["final_mean"], row["final_spread"]) == (pytest.approx(99.40), pytest.approx(0.1))
