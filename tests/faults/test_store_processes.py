"""The store under several processes at once, and under processes that are killed in the middle of their work."""

import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from examples import tiny_run
from stories import STARTED, finished, running

from lab.store import Store, check, file_url

PROJECT = Path(__file__).parents[2]


@contextmanager
def process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A Python process that runs `script`; it is told by lines and answers by lines."""
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen(command, cwd=PROJECT, **pipes) as child:  # type: ignore[call-overload]
        try:
            yield child
        finally:
            child.kill()


def tell(child: subprocess.Popen[str], line: object) -> None:
    assert child.stdin is not None
    child.stdin.write(f"{line}\n")
    child.stdin.flush()


def answer(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()


OPENS = """
    import sys
    from lab.store import Store, StoreError
    print("ready", flush=True)
    for url in sys.stdin:
        try:
            store = Store(url.strip())
            print(len(store.runs()), flush=True)
            store.close()
        except StoreError as error:
            print(error, flush=True)
"""


@contextmanager
def openers(count: int) -> Iterator[list[subprocess.Popen[str]]]:
    with ExitStack() as stack:
        children = [stack.enter_context(process(OPENS)) for _ in range(count)]
        assert [answer(child) for child in children] == ["ready"] * count
        yield children


def test_a_new_store_can_be_opened_by_many_processes_at_once(tmp_path: Path) -> None:
    with openers(6) as children:
        for number in range(12):
            for child in children:
                tell(child, file_url(tmp_path / f"{number}" / "lab.sqlite3"))
            assert [answer(child) for child in children] == ["0"] * 6
        assert check(file_url(tmp_path / "0" / "lab.sqlite3")) == []


def test_an_older_file_can_be_opened_by_many_processes_at_once(tmp_path: Path) -> None:
    from store_version_1 import make_version_1

    with openers(4) as children:
        for number in range(3):
            path = tmp_path / f"{number}" / "lab.sqlite3"
            make_version_1(path)
            for child in children:
                tell(child, file_url(path))
            assert [answer(child) for child in children] == ["3"] * 4
            copies = [found.name for found in path.parent.iterdir() if found.name.endswith(".bak")]
            assert copies == ["lab.sqlite3.version-1.bak"]
            assert check(file_url(path)) == []


WRITES = """
    import sys
    from lab.store import Store, sqlite
    sqlite.WRITES_A_CHECKPOINT = int(sys.argv[2])
    store = Store(sys.argv[1])
    print("ready", flush=True)
    for number in range(int(sys.argv[3])):
        store.rename(1, f"{number} " + "x" * 100)
        store.submit(store.run(1).config)
    print("done", flush=True)
    sys.stdin.read()
"""


def test_writers_that_move_the_log_all_the_time_and_are_killed_damage_nothing(store: Store) -> None:
    """Each of three processes checkpoints after every write, beside the commits of the two others; one is killed."""
    running(store, STARTED)
    with ExitStack() as stack:
        first, second, third = (stack.enter_context(process(WRITES, store.url, 1, 40)) for _ in range(3))
        assert [answer(child) for child in (first, second, third)] == ["ready"] * 3
        seen = len(store.runs())
        while len(store.runs()) < seen + 30:
            assert third.poll() is None
        kill(third)
        assert [answer(child) for child in (first, second)] == ["done"] * 2
        assert len(store.runs()) >= 81
        with closing(sqlite3.connect(store._database.file.path)) as other:  # type: ignore[union-attr]
            assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert check(store.url) == []


IMPORTS = """
    import sys
    from pathlib import Path
    from lab.store import Store, transfer
    copy_run, copied = transfer._copy_run, []

    def tell(*arguments):
        copied.append(copy_run(*arguments))
        print(len(copied), flush=True)
        sys.stdin.readline()
        return copied[-1]

    transfer._copy_run = tell
    Store(sys.argv[1]).import_file(Path(sys.argv[2]))
    print("done", flush=True)
"""


@pytest.mark.parametrize("after", [1, 2, 3])
def test_an_import_that_is_killed_leaves_none_of_the_files_runs(store: Store, tmp_path: Path, after: int) -> None:
    theirs = tmp_path / "theirs.sqlite3"
    for seed in range(3):
        finished(Store(file_url(theirs)), tiny_run(seed=seed))
    own = running(store, STARTED)
    with process(IMPORTS, store.url, theirs) as child:
        for number in range(1, after + 1):
            assert answer(child) == str(number)
            if number < after:
                tell(child, "go on")
        kill(child)
    assert [run.id for run in store.runs()] == [own]
    assert len(store.import_file(theirs).copied) == 3
    assert check(store.url) == []


MIGRATES = """
    import sys
    from lab.store import Store, migrations

    def wait(_):
        print("nearly done", flush=True)
        sys.stdin.readline()

    migrations._checkpoints_to_2 = wait
    Store(sys.argv[1])
"""


def test_a_migration_that_is_killed_leaves_the_older_file_whole(tmp_path: Path) -> None:
    from store_version_1 import make_version_1

    path = tmp_path / "lab.sqlite3"
    make_version_1(path)
    with closing(sqlite3.connect(path)) as before:
        whole = list(before.iterdump())
    with process(MIGRATES, file_url(path)) as child:
        assert answer(child) == "nearly done"
        kill(child)
    with closing(sqlite3.connect(path)) as after:
        assert list(after.iterdump()) == whole
    assert len(Store(file_url(path)).runs()) == 3
    assert check(file_url(path)) == []


def test_a_store_that_is_deleted_in_use_ends_the_process_that_writes_with_a_sentence(tmp_path: Path) -> None:
    with openers(1) as [child]:
        tell(child, file_url(tmp_path / "lab.sqlite3"))
        assert answer(child) == "0"
    script = """
        import sys
        from lab.config import RunConfig
        from lab.store import Store, StoreError
        from lab.steps import step
        store = Store(sys.argv[1])
        print(store.submit(step(1).config), flush=True)
        sys.stdin.readline()
        try:
            store.submit(step(1).config)
        except StoreError as error:
            print(error, flush=True)
    """
    with process(script, file_url(tmp_path / "lab.sqlite3")) as child:
        assert answer(child) == "1"
        for file in tmp_path.glob("lab.sqlite3*"):
            file.unlink()
        tell(child, "go on")
        assert "was deleted or replaced while the lab used it" in answer(child)
    assert list(tmp_path.iterdir()) == []
