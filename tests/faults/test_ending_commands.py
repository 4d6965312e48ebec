"""`python -m lab train` under SIGINT and SIGTERM: its run is stopped, in training, in a pause and in the queue."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa
from app_pages import add_run
from examples import wait_until

from lab.store import Store

ROOT = Path(__file__).parents[2]
SIGNALS = [signal.SIGINT, signal.SIGTERM]
SECONDS = 6.0
"""Three on a machine with nothing else to do; where other tests fill every core, only this much is certain."""


class Command:
    """`python -m lab ...` in a process of its own, its JSON lines read as they come."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lab", *arguments],
            cwd=ROOT,
            env=os.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, event: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            row: dict[str, Any] = json.loads(line)
            if row["event"] == event:
                return row
        raise AssertionError(f"it ended without {event!r}: {self.process.stderr and self.process.stderr.read()}")

    def end(self, *numbers: signal.Signals) -> tuple[int, str, float]:
        """Send signals at once after one another: exit code, what was still printed, and the seconds it took."""
        began = monotonic()
        for number in numbers:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out + err, monotonic() - began


@pytest.fixture
def start() -> Iterator[Any]:
    started: list[Command] = []

    def command(*arguments: str) -> Command:
        started.append(Command(*arguments))
        return started[-1]

    yield command
    for one in started:
        one.process.kill()
        one.process.communicate()


def status_in_the_file(store: Store, run_id: int) -> str:
    """What the row itself says: a reading by the store would notice that its worker is dead."""
    path = sa.make_url(store.url).database
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        [(status,)] = connection.execute("SELECT status FROM runs WHERE id = ?", [run_id]).fetchall()
    return str(status)


def test_a_command_that_is_still_being_imported_ends_without_a_word(
    start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "typer.py").write_text("print('importing', flush=True)\ninput()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = start("steps")
    assert command.process.stdout.readline() == "importing\n"
    code, printed, _ = command.end(signal.SIGINT)
    assert (code, printed) == (130, "")


@pytest.mark.parametrize("numbers", [*([number] for number in SIGNALS), [signal.SIGINT, signal.SIGINT], SIGNALS])
def test_a_training_is_stopped_and_keeps_its_epochs(store: Store, start: Any, numbers: list[signal.Signals]) -> None:
    command = start("train", "--step", "5", "--images", "64", "--device", "cpu", "--json")
    run_id = command.wait_for("epoch")["run"]
    code, printed, seconds = command.end(*numbers)
    assert code in (0, 130), printed
    assert "Traceback" not in printed
    assert seconds < SECONDS
    assert status_in_the_file(store, run_id) in ("stopped", "interrupted")
    assert store.checkpoint_epochs(run_id) == [epoch.epoch for epoch in store.epochs([run_id])[run_id]] != []


@pytest.mark.parametrize("number", SIGNALS)
def test_a_run_that_waits_in_the_queue_does_not_stay_there(store: Store, start: Any, number: signal.Signals) -> None:
    busy = add_run(store)  # of this process, on the command's device, and alive for an hour
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET device = 'cpu', heartbeat = heartbeat + 3600"))
    command = start("train", "--step", "5", "--images", "64", "--device", "cpu", "--json")
    wait_until(lambda: len(store.runs()) == 2)
    code, printed, seconds = command.end(number)
    assert code in (0, 130), printed
    assert printed == ""
    assert seconds < SECONDS
    assert status_in_the_file(store, busy + 1) == "stopped"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_paused_training_is_stopped(store: Store, start: Any, number: signal.Signals) -> None:
    command = start("train", "--step", "5", "--images", "64", "--device", "cpu", "--json")
    run_id = command.wait_for("started")["run"]
    store.send(run_id, "pause")
    command.wait_for("paused")
    assert command.end(number)[0] in (0, 130)
    assert status_in_the_file(store, run_id) in ("stopped", "interrupted")


def test_a_run_that_is_deleted_meanwhile_ends_its_command(store: Store, start: Any) -> None:
    command = start("train", "--step", "5", "--device", "cpu", "--json")
    run_id = command.wait_for("started")["run"]
    store.delete(run_id)
    code, printed, _ = command.end()
    assert code == 2
    assert printed.splitlines()[-1].startswith(f"There is no run {run_id}")
    assert "Traceback" not in printed


@pytest.mark.parametrize("number", SIGNALS)
def test_a_command_that_still_imports_torch_leaves_nothing_behind(
    store: Store, start: Any, number: signal.Signals
) -> None:
    command = start("train", "--step", "5", "--device", "cpu", "--json")
    maps = Path(f"/proc/{command.process.pid}/maps")
    wait_until(lambda: not maps.exists() or "libtorch" in maps.read_text())
    code, printed, seconds = command.end(number)
    assert code in (0, 130), printed
    assert seconds < SECONDS
    assert "Traceback" not in printed
    assert [run.status for run in store.runs()] in ([], ["stopped"])


def test_a_reader_that_has_seen_enough_ends_the_training_in_good_order(store: Store, start: Any) -> None:
    command = start("train", "--step", "5", "--images", "64", "--device", "cpu", "--json")
    run_id = command.wait_for("epoch")["run"]
    command.process.stdout.close()
    assert command.process.wait(60) in (0, 1)  # 1 is what typer makes of a pipe that is closed
    assert status_in_the_file(store, run_id) == "interrupted"
