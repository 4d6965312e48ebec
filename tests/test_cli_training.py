"""`python -m lab train` and `resume`: what they say while they train, and what is kept of it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_line import EPOCH_KEYS, SHORT, Lab, commands
from examples import tiny_run

from lab import jobs
from lab.events import Finished
from lab.mnist import DataError, Mnist
from lab.quick import quick
from lab.steps import step
from lab.store import Store

ROOT = Path(__file__).parent.parent
WINDOW_KEYS = {"epoch", "iteration", "loss", "accuracy", "learning_rate", "images_per_second"}


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], few: Mnist) -> Iterator[Lab]:
    """Runs a command in this process, on a few digits."""
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    with commands(monkeypatch, capsys, width=200) as run:
        yield run


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
