"""`python -m lab import`, `export`, `check` and `backup`: what they do to a store, and what they say of it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command_line import Lab, commands
from examples import tiny_run
from stories import STARTED, finished, running

from lab.export import COMPARISON_FILES, FILES, comparison_name
from lab.store import Store, file_url


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Lab]:
    """Runs a command in this process: what it says is one line."""
    with commands(monkeypatch, capsys, width=2000) as told:

        def run(*arguments: object) -> tuple[int, str, str]:
            code, out, err = told(*arguments)
            return code, " ".join(out.split()), err.strip()

        yield run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Another lab's file with three sound runs; that lab is open."""
    path = tmp_path / "theirs.sqlite3"
    for seed in range(3):
        finished(Store(file_url(path)), tiny_run(seed=seed))
    return path


def test_a_run_that_cannot_be_read_is_told_beside_the_list_of_the_others(lab: Lab, store: Store) -> None:
    broken, sound = finished(store), finished(store)
    with closing(sqlite3.connect(store.url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE runs SET config = ? WHERE id = ?", ("[" * 200_000, broken))
    code, out, err = lab("runs", "--json")
    assert (code, [row["run"] for row in json.loads(out)]) == (0, [sound])
    assert err.startswith(f"Run {broken} cannot be read: the config is not JSON")


def test_an_import_says_how_many_runs_came_and_how_many_were_here(lab: Lab, store: Store, file: Path) -> None:
    assert lab("import", file) == (0, "Copied 3 runs.", "")
    finished(Store(file_url(file)), tiny_run(seed=3))
    assert lab("import", file) == (0, "Copied 1 run; 3 were already here.", "")
    assert lab("import", file) == (0, "Copied 0 runs; 4 were already here.", "")
    assert len(store.runs()) == 4


def test_an_import_names_the_file_of_what_it_refuses(lab: Lab, store: Store, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE runs SET status = 'dreaming' WHERE id = 2")
    code, out, err = lab("import", file, "--slim")
    assert (code, out) == (1, "Copied 2 runs.")
    assert err.startswith(f"{file}: Run 2 cannot be read: its status is 'dreaming'")
    assert len(store.runs()) == 2


def test_what_is_no_labs_file_is_refused_by_its_own_name(lab: Lab, tmp_path: Path) -> None:
    diary = tmp_path / "diary.sqlite3"
    diary.write_text("Dear diary\n" * 500, encoding="utf-8")
    code, out, err = lab("import", diary)
    assert (code, out) == (2, "")
    assert err.startswith(f"{diary} cannot be read (file is not a database)")


def test_check_finds_a_sound_store_sound(lab: Lab, store: Store) -> None:
    finished(store)
    running(store, STARTED)
    assert lab("check") == (0, "No damage found.", "")


def test_check_says_what_is_wrong_with_exit_code_1(lab: Lab, store: Store) -> None:
    finished(store)
    with closing(sqlite3.connect(store.url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("DELETE FROM events WHERE id = 4")
        connection.execute("UPDATE runs SET name = 'a\nb'")
    code, out, err = lab("check")
    assert (code, err) == (1, "")
    assert out == (
        "Run 1 (a\\nb): its name has control characters. "
        "Run 1 (a\\nb): its epochs are 1, 3; they must be 1, 2, 3 and so on. "
        "Run 1 (a\\nb): it is marked as finished after 2 of 3 epochs. "
        "Run 1 (a\\nb): it has checkpoints of epochs 1, 2, 3, but finished 2."
    )


def test_where_there_is_nothing_to_check_that_is_said_with_exit_code_2(lab: Lab, database_url: str) -> None:
    path = database_url.removeprefix("sqlite:///")
    code, out, err = lab("check")
    assert (code, out) == (2, "")
    assert err.startswith(f"{path} cannot be read (No such file or directory)")
    assert not Path(path).exists()


def test_a_backup_can_be_opened_and_is_written_once(lab: Lab, store: Store, tmp_path: Path) -> None:
    run_id, copy = finished(store), tmp_path / "copy of 1.sqlite3"
    assert lab("backup", copy) == (0, f"Wrote {copy}.", "")
    assert Store(file_url(copy)).run(run_id) == store.run(run_id)
    code, _, err = lab("backup", copy)
    assert (code, err) == (2, f"{copy} exists already and is left as it is: name a new file.")


def test_an_export_writes_every_file_to_a_folder_that_it_makes(lab: Lab, store: Store, tmp_path: Path) -> None:
    run = finished(store)
    folder = tmp_path / "new" / "folder"
    code, out, err = lab("export", run, "--to", folder)
    assert (code, out, err) == (0, f"Wrote {len(FILES)} files to {folder}.", "")
    assert {path.name for path in folder.iterdir()} == set(FILES)


def test_an_export_of_several_runs_is_their_comparison(
    lab: Lab, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [finished(store, tiny_run(batch_size=size)) for size in (16, 8)]
    assert lab("export", *reversed(runs), runs[0]) == (0, f"Wrote {len(COMPARISON_FILES)} files to runs-1-2.", "")
    assert {path.name for path in (tmp_path / "runs-1-2").iterdir()} == set(COMPARISON_FILES)
    assert lab("export", runs[0], 99)[0::2] == (2, "There is no run 99: `python -m lab runs` lists them.")


def test_the_help_of_an_export_names_the_folders_that_it_makes(lab: Lab) -> None:
    code, out, _ = lab("export", "--help")
    told = " ".join(out.split())
    assert code == 0 and "run-7 for run 7;" in told
    assert f"{comparison_name([3, 5, 8])} for runs 3, 5 and 8;" in told
    assert f"{comparison_name(range(1, 21))} for more than five]" in told


@pytest.mark.parametrize("name", ["", " "])
@pytest.mark.parametrize(
    "command", [("export", 1, "--to"), ("import",), ("backup",), ("predict",)], ids=lambda one: one[0]
)
def test_an_empty_name_is_not_taken_for_the_folder_that_one_is_in(
    lab: Lab, store: Store, command: tuple[object, ...], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(store)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    code, out, err = lab(*command, name)
    assert (code, out) == (2, "")
    assert err == "An empty name is no file or folder: give its name, or a dot for the folder that you are in."
    assert list((tmp_path / "here").iterdir()) == []


def test_an_export_that_cannot_be_written_or_has_no_run_is_one_sentence(lab: Lab, store: Store, tmp_path: Path) -> None:
    run = finished(store)
    (tmp_path / "file").write_text("in the way")
    code, out, err = lab("export", run, "--to", tmp_path / "file")
    assert (code, out) == (2, "")
    assert err.startswith(f"The files cannot be written to {tmp_path / 'file'}: ")
    assert lab("export", 99, "--to", tmp_path / "none") == (
        2,
        "",
        "There is no run 99: `python -m lab runs` lists them.",
    )
    assert not (tmp_path / "none").exists()
