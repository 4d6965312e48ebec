"""`python -m lab`: what each command prints, to people and as JSON, and how it refuses."""

import errno
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_pages import add_run, epoch
from command_line import Lab, commands
from examples import tiny_run
from PIL import Image, ImageDraw
from summaries import pools, seed_runs

from lab import cli_rows, jobs
from lab.events import Finished, Stopped
from lab.mnist import DataError, Mnist
from lab.quick import quick
from lab.steps import step
from lab.store import Store

ROOT = Path(__file__).parent.parent

EPOCH_KEYS = {
    "epoch",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "test_correct",
    "learning_rate",
    "seconds",
}
IMPOSSIBLE = (0, 2**63, 99999999999999999999)
"""Numbers that no run can have."""
WINDOW_KEYS = {"epoch", "iteration", "loss", "accuracy", "learning_rate", "images_per_second"}


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], few: Mnist) -> Iterator[Lab]:
    """Runs a command in this process, on a few digits."""
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    with commands(monkeypatch, capsys, width=200) as run:
        yield run


def answer(outcome: tuple[int, str, str]) -> Any:
    """The JSON that a command has printed, and nothing else with it."""
    code, out, err = outcome
    assert (code, err) == (0, "")
    return json.loads(out)


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


# --- train -------------------------------------------------------------------------------------------------------

C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
SHORT = ("--images", 48, "--device", "cpu")


def test_train_as_json_prints_one_event_a_line(lab: Lab) -> None:
    code, out, err = lab("train", "--step", 5, "--epochs", 2, "--seed", 3, *SHORT, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    # 48 images are one batch of 64: one iteration, so one window an epoch
    assert [row["event"] for row in rows] == ["started", "window", "epoch", "window", "epoch", "finished"]
    assert set(rows[1]) >= WINDOW_KEYS
    assert set(rows[2]) >= EPOCH_KEYS
    assert [(row["epoch"], row["iteration"]) for row in rows if row["event"] == "window"] == [(1, 1), (2, 2)]
    assert {row["run"] for row in rows} == {1}


def test_what_train_was_told_is_what_the_run_is(lab: Lab, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "train", lambda *_: iter([Finished()]))
    told = ("--seed", 3, "--device", "cpu", "--precision", "bfloat16", "--validation")
    options = (*told, "--images", 48, "--no-measure")
    assert lab("train", "--step", 4, "--epochs", 1, *options, "--json")[0] == 0
    changes: dict[str, Any] = {"seed": 3, "device": "cpu", "precision": "bfloat16", "evaluate_on": "validation"}
    changes |= {"measure_training": False, "training_images": 48}
    assert store.run(1).config == replace(step(4).config, epochs=1, **changes)
    assert lab("train", "--step", 2)[0] == 0
    assert store.run(2).config == step(2).config  # nothing told: the preset itself, with its 15 epochs
    refined = ("--bias", "needed", "--one-reading", "--label-smoothing", 0.1, "--weight-averaging", 0.99)
    assert lab("train", "--step", 6, *refined)[0] == 0
    network = replace(step(6).config.network, bias="needed", second_reading=False)
    assert store.run(3).config == replace(step(6).config, network=network, label_smoothing=0.1, weight_averaging=0.99)


def test_a_quick_run_is_that_of_the_pages_but_for_what_else_is_told(
    lab: Lab, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "train", lambda *_: iter([Finished()]))
    assert lab("train", "--step", 3, "--quick", "--seed", 2)[0] == 0
    assert store.run(1).config == quick(replace(step(3).config, seed=2))
    assert lab("train", "--step", 3, "--quick", "--epochs", 1, "--images", 48, "--measure")[0] == 0
    changes: dict[str, Any] = {"epochs": 1, "training_images": 48, "measure_training": True}
    assert store.run(2).config == replace(quick(step(3).config), **changes)


def test_train_shows_people_every_epoch_and_how_it_ended(lab: Lab) -> None:
    code, out, _ = lab("train", "--step", 2, "--epochs", 2, *SHORT)
    assert code == 0
    assert "epoch  1" in out
    assert "epoch  2" in out
    assert out.rstrip().endswith("Run 1 finished.")


def test_a_failed_training_is_told_with_its_reason_and_exit_code_1(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, few: Mnist
) -> None:
    def ill(device: str) -> Mnist:
        raise DataError("The data file train.gz is missing: restore it.")

    monkeypatch.setattr(jobs, "load_mnist", ill)
    code, out, _ = lab("train", "--step", 2, *SHORT)
    assert code == 1
    assert "Run 1 failed: The data file train.gz is missing: restore it." in out
    code, out, _ = lab("train", "--step", 2, *SHORT, "--json")
    assert code == 1
    [row] = [json.loads(line) for line in out.splitlines()]
    assert (row["event"], row["reason"]) == ("failed", "The data file train.gz is missing: restore it.")


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


@pytest.mark.parametrize(
    "refusal", [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 4 bytes")]
)
def test_a_machine_without_memory_is_one_sentence(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    def refuse(*_: object) -> None:
        raise refusal

    monkeypatch.setattr("lab.probe.read_answers", refuse)
    code, out, err = lab("mistakes")
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert err.startswith("This machine has too little free memory for that")


def test_a_network_that_cannot_be_written_is_one_sentence_and_the_old_one_stays(
    lab: Lab, store: Store, trained: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ships = tmp_path / "shipped.safetensors"
    monkeypatch.setattr("lab.predict.SHIPPED", ships)
    assert lab("ship", trained)[0] == 0
    before = ships.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    code, out, err = lab("ship", trained)
    assert (code, out) == (2, "") and err == f"{ships} cannot be written (No space left on device).\n"
    assert ships.read_bytes() == before and list(tmp_path.glob("shipped*")) == [ships]


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


def test_resume_goes_on_after_the_last_epoch(lab: Lab, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = store.submit(tiny_run(epochs=2))
    store.send(run_id, "stop")
    code, out, _ = lab("resume", run_id, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert rows[0]["event"] == "started"
    assert rows[0]["first_epoch"] == 1
    assert rows[-1]["event"] == "finished"
    code, _, err = lab("resume", run_id, "--json")
    assert code == 2
    assert err.startswith("Run 1 cannot be resumed: only a stopped, failed or interrupted run can")


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


def test_predict_reads_a_picture_of_a_digit(lab: Lab, mnist: Mnist, tmp_path: Path) -> None:
    picture = tmp_path / "digit.png"
    enlarged = mnist.test_images[0, 0].repeat_interleave(8, 0).repeat_interleave(8, 1)  # (224, 224)
    Image.fromarray(enlarged.numpy()).save(picture)
    answered = answer(lab("predict", picture, "--json"))
    assert answered["digit"] == mnist.test_labels[0]
    assert answered["odd"] is None
    assert len(answered["probabilities"]) == 10
    assert sum(answered["probabilities"]) == pytest.approx(1)
    assert answered["probabilities"][answered["digit"]] == max(answered["probabilities"])
    code, out, err = lab("predict", picture)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 11  # a bar for each digit below the head


def test_predict_says_that_a_picture_does_not_look_like_one_digit_and_why(lab: Lab, tmp_path: Path) -> None:
    picture, house = tmp_path / "house.png", Image.new("L", (400, 400))
    walls = [(100, 180), (100, 320), (300, 320), (300, 180), (100, 180), (200, 80), (300, 180)]
    ImageDraw.Draw(house).line(walls, fill=255, width=14, joint="curve")
    house.save(picture)
    answered = answer(lab("predict", picture, "--json"))
    assert "not like those of any MNIST digit" in answered["odd"]
    code, out, err = lab("predict", picture)
    assert (code, err) == (0, "")
    assert " ".join(out.split()).startswith(f"This does not look like one digit: {answered['odd']}.")
    assert f"{answered['digit']} is only a guess." in " ".join(out.split())


def test_predict_says_what_is_wrong_with_a_picture(lab: Lab, tmp_path: Path) -> None:
    blank, text, missing = (tmp_path / name for name in ("blank.png", "text.png", "missing.png"))
    Image.new("L", (40, 40)).save(blank)
    text.write_text("a seven")
    stripes = tmp_path / "stripes.png"
    Image.fromarray(np.where(np.arange(300) % 30 < 10, 0, 255).astype(np.uint8)[None].repeat(300, 0)).save(stripes)
    for picture, words in (
        (stripes, "A good picture shows"),
        (blank, "no ink"),
        (text, "not a PNG or JPEG"),
        (missing, "cannot be read"),
    ):
        code, out, err = lab("predict", picture)
        assert (code, out) == (2, "")
        assert words in err
        assert len(err.splitlines()) == 1


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("train",), "Missing option '--step'"),
        (("train", "--step", 9), "There is no step 9: choose 1 to 7."),
        (("train", "--step", "five"), "Invalid value for '--step'"),
        (("train", "--step", 5, "--epochs", 0), "epochs is 0; it must be a whole number from 1 to 200."),
        (("train", "--step", 5, "--seed", -1), "seed is -1; it must be a whole number"),
        (("train", "--step", 5, "--device", "tpu"), "device is 'tpu'; it must be one of auto, cpu, cuda, mps."),
        (("train", "--step", 5, "--precision", "int8"), "precision is 'int8'; it must be one of"),
        (("train", "--step", 5, "--images", 60_001), "training_images is 60001; it must be a whole number"),
        (("train", "--step", 5, "--bias", "some"), "bias is 'some'; it must be one of all, needed, none."),
        (("train", "--step", 5, "--label-smoothing", 0.5), "label_smoothing is 0.5; it must be a number from 0 to 0.3"),
        (("train", "--step", 5, "--weight-averaging", 1), "weight_averaging is 1"),
        (("train", "--step", 5, "--fast"), "No such option: --fast"),
        (("train", "--step", 5, "--device", "mps"), "This machine has no mps device"),
        (("layers",), "Missing option '--step'"),
        (("layers", "--step", 0), "There is no step 0: choose 1 to 7."),
        (("show",), "Missing argument"),
        (("show", 99), "There is no run 99: `python -m lab runs` lists them."),
        (("resume", 99), "There is no run 99: `python -m lab runs` lists them."),
        *((("show", number), f"There is no run {number}: `python -m lab runs` lists them.") for number in IMPOSSIBLE),
        *((("resume", number), f"There is no run {number}: `python") for number in IMPOSSIBLE),
        *((("ship", number), f"There is no run {number}: `python") for number in IMPOSSIBLE),
        *((("predict", "--run", number, "x.png"), f"There is no run {number}: `python") for number in IMPOSSIBLE),
        (("predict", "--run", -1, "x.png"), "There is no run -1: `python -m lab runs` lists them."),
        (("show", "9" * 5000), f"There is no run {'9' * 30}...: `python -m lab runs` lists them."),
        (("show", -1), "No such option: -1"),
        (("show", "[/b]\x1b[31m"), "There is no run [/b]\\x1b[31m: `python -m lab runs` lists them."),
        (("import", "[/b] :rocket:"), "There is no file [/b] :rocket:."),
        (("import", "x" * 300), f"There is no file {'x' * 300}."),
        (("runs", "all"), "(all)"),
        (("dance",), "No such command 'dance'"),
    ],
)
def test_wrong_arguments_get_one_sentence_and_exit_code_2(
    lab: Lab, store: Store, monkeypatch: pytest.MonkeyPatch, arguments: tuple[object, ...], sentence: str
) -> None:
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    code, out, err = lab(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert store.runs() == []  # nothing was begun


def test_a_benchmark_without_its_images_gets_one_sentence_and_exit_code_2(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path))
    code, out, err = lab("bench")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("The data file ")


def test_the_largest_number_that_a_run_can_have_is_looked_up(lab: Lab) -> None:
    assert lab("show", 2**63 - 1)[::2] == (2, f"There is no run {2**63 - 1}: `python -m lab runs` lists them.\n")


def test_a_database_that_cannot_be_opened_gets_one_sentence_and_exit_code_2(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "text.sqlite3").write_text("no database\n" * 100, encoding="utf-8")
    monkeypatch.setenv("LAB_DATABASE_URL", f"sqlite:///{tmp_path / 'text.sqlite3'}")
    code, out, err = lab("runs", "--json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "cannot be opened" in err


# --- as a process of its own -------------------------------------------------------------------------------------


def test_commands_that_need_no_torch_do_not_wait_for_it() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "lab", "steps", "--json"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) == 7
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "lab.steps" in imported
    assert not {"torch", "numpy", "streamlit"} & imported


def test_results_as_json_are_a_row_for_each_step_and_terms(lab: Lab) -> None:
    assert answer(lab("results", "--json")) == []
    [pool] = pools(*seed_runs(5, 99.30, 99.40, 99.50))
    row = cli_rows.pool_row(pool)
    assert (row["step"], row["computed"], row["published_final"]) == (5, "float32, compiled engine", 99.40)
    assert (row["seeds"], row["finals"], row["held_target"]) == ((1, 2, 3), (99.30, 99.40, 99.50), 2)
    assert (row["final_mean"], row["final_spread"]) == (pytest.approx(99.40), pytest.approx(0.1))


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}, C_LOCALE])
@pytest.mark.parametrize("command", ["steps", "layers --step 5", "runs", "show 1", "predict digit.png", "results"])
def test_a_terminal_or_a_file_that_lacks_characters_ends_no_command(
    store: Store, mnist: Mnist, tmp_path: Path, environment: dict[str, str], command: str
) -> None:
    add_run(store, name="\N{ROCKET} ±7° ─ 一")
    Image.fromarray(mnist.test_images[0, 0].numpy()).save(tmp_path / "digit.png")
    done = subprocess.run(
        [sys.executable, "-m", "lab", *command.split()],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    if command == "predict digit.png":
        assert b"#" * 40 in done.stdout
    if command in ("runs", "show 1"):
        assert b"? " in done.stdout


PRINTING = ["steps", "steps --json", "train --help"]
FULL = Path("/dev/full")


def lab_process(command: str, **streams: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "lab", *command.split()], cwd=ROOT, text=True, check=False, **streams)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no file that is always full")
@pytest.mark.parametrize("command", PRINTING)
def test_an_output_that_cannot_be_written_gets_one_sentence_and_exit_code_1(store: Store, command: str) -> None:
    with FULL.open("w") as full:
        done = lab_process(command, stdout=full, stderr=subprocess.PIPE)
        assert (done.returncode, done.stderr) == (1, "The output cannot be written: No space left on device.\n")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no file that is always full")
def test_a_refusal_that_cannot_be_written_keeps_its_exit_code(store: Store) -> None:
    with FULL.open("w") as full:
        assert lab_process("layers --step 9", stdout=full, stderr=full).returncode == 2


@pytest.mark.parametrize("command", PRINTING)
def test_a_reader_that_has_seen_enough_is_no_error(store: Store, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = lab_process(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that can close a stream")
@pytest.mark.parametrize(
    ("command", "code"), [("steps >&-", 0), ("steps --json >&- 2>&-", 0), ("layers --step 9 2>&-", 2)]
)
def test_a_closed_stream_changes_no_exit_code_and_sends_nothing_elsewhere(
    store: Store, command: str, code: int
) -> None:
    line = f'"{sys.executable}" -m lab {command}'
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C as POSIX does")
@pytest.mark.parametrize("command", ["train --step 5", "resume 1", "bench", "predict digit.png", "mistakes", "ship 1"])
def test_ctrl_c_is_not_lost_while_torch_is_imported(store: Store, tmp_path: Path, command: str) -> None:
    """Parts of torch's own code ignore an exception."""
    add_run(store, Stopped())
    Image.new("L", (40, 40)).save(tmp_path / "digit.png")
    (tmp_path / "torch.py").write_text(
        "import threading\nprint('importing', flush=True)\n"
        "try:\n    threading.Event().wait(20)\nexcept KeyboardInterrupt:\n    pass\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "lab", *command.split()],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", "")


def test_ctrl_c_stops_a_real_training_and_keeps_its_epochs(store: Store) -> None:
    """A real process on the real data: 64 images, so that an epoch is little more than its 10,000 evaluations."""
    with subprocess.Popen(
        [sys.executable, "-m", "lab", "train", "--step", "2", "--images", "64", "--device", "cpu", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        rows = []
        for line in process.stdout:  # a line is here as soon as it happened, or the loop below would not be reached
            rows.append(json.loads(line))
            if rows[-1]["event"] == "epoch":
                process.send_signal(signal.SIGINT)
                break
        rows += [json.loads(line) for line in process.stdout]
        assert process.stderr.read() == ""
    assert process.returncode == 0
    assert rows[0]["event"] == "started"
    assert rows[-1]["event"] == "stopped"
    done = [row["epoch"] for row in rows if row["event"] == "epoch"]
    assert done[0] == 1
    assert len(done) < 15
    run = store.run(rows[0]["run"])
    assert run.status == "stopped"
    assert store.checkpoint_epochs(run.id) == done
    assert len(store.checkpoint(run.id).predictions) == 10_000
