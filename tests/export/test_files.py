"""A run's files: complete, readable by others, and made of this run."""

import errno
import io
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
from examples import tiny_run
from stories import finished

from lab.config import from_json
from lab.export import FILES, archive, run_file, run_files, write_files
from lab.store import Store, StoreError, StoreUnavailable


def test_a_finished_run_gives_every_file(store: Store) -> None:
    run = finished(store)
    files = run_files(store, run)
    assert list(files) == list(FILES)
    assert all(files.values())
    told = json.loads(files["run.json"])
    config = store.run(run).config
    assert from_json(json.dumps(told["config"])) == config
    assert (told["run"], told["status"], told["epochs_done"]) == (run, "finished", config.epochs)
    assert len(files["epochs.csv"].splitlines()) == 1 + config.epochs


def test_the_weights_are_those_of_the_last_epoch_and_fit_the_network(store: Store) -> None:
    run = finished(store)
    weights = run_file(store, run, "weights.safetensors")
    assert weights == store.checkpoint(run).weights


def test_a_run_that_has_done_no_epoch_has_everything_but_weights(store: Store) -> None:
    run = store.submit(tiny_run())
    assert set(FILES) - set(run_files(store, run)) == {"weights.safetensors"}
    with pytest.raises(StoreError, match="has no finished epoch yet"):
        run_file(store, run, "weights.safetensors")


@pytest.mark.parametrize(
    ("fault", "said"),
    [("DELETE FROM checkpoints", "no longer in the database"), ("UPDATE checkpoints SET weights = x'00'", "damaged")],
)
def test_weights_that_are_lost_are_told_and_keep_nothing_else_back(store: Store, fault: str, said: str) -> None:
    run = finished(store)
    whole = run_files(store, run)
    with sqlite3.connect(store.url.removeprefix("sqlite:///")) as database:
        database.execute(fault)
    files = run_files(store, run)
    assert said in files.pop("no-weights.txt").decode()
    assert files == {name: content for name, content in whole.items() if name != "weights.safetensors"}


def test_weights_that_cannot_be_asked_for_now_are_not_told_as_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(store)

    def away(*_: object) -> None:
        raise StoreUnavailable("The database is away.")

    monkeypatch.setattr(Store, "checkpoint", away)
    with pytest.raises(StoreUnavailable, match="is away"):
        run_files(store, run)


def test_the_archive_holds_them_in_a_folder_of_the_run(store: Store) -> None:
    run = finished(store)
    with zipfile.ZipFile(io.BytesIO(archive(store, run))) as file:
        assert file.testzip() is None
        assert {name: file.read(name) for name in file.namelist()} == {
            f"run-{run}/{name}": content for name, content in run_files(store, run).items()
        }


def test_there_are_no_files_of_a_run_that_is_not_there(store: Store) -> None:
    with pytest.raises(StoreError, match="no run 99"):
        run_files(store, 99)


@pytest.mark.parametrize("room", range(3))
def test_a_disk_that_is_full_costs_none_of_the_files_of_an_earlier_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    earlier = {"run.json": b"{}", "epochs.csv": b"epoch", "weights.safetensors": b"old"}
    write_files(tmp_path / "runs" / "7", earlier)
    written: list[bytes] = []
    write = Path.write_bytes

    def write_while_there_is_room(path: Path, content: bytes) -> int:
        written.append(content)
        if len(written) > room:
            write(path, content[:1])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_while_there_is_room)
    with pytest.raises(OSError, match="No space left"):
        write_files(tmp_path / "runs" / "7", dict.fromkeys(earlier, b"newer"))
    assert {file.name: file.read_bytes() for file in (tmp_path / "runs" / "7").iterdir()} == earlier


def test_the_files_of_an_earlier_time_are_replaced(tmp_path: Path) -> None:
    write_files(tmp_path, {"run.json": b"{}"})
    write_files(tmp_path, {"run.json": b"new"})
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("run.json", b"new")]
