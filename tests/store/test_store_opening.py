"""Where the store is, and that a process has one object for it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from lab.store import Store, database_url, file_url, open_store

PROJECT = Path(__file__).parents[2]


def test_the_database_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a class' / 'of.sqlite3'}"
    monkeypatch.setenv("LAB_DATABASE_URL", url)
    assert database_url() == url
    assert open_store().url == url
    assert (tmp_path / "a class" / "of.sqlite3").is_file()


def test_without_a_word_the_database_is_the_projects_own_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_DATABASE_URL")
    assert database_url() == f"sqlite:///{PROJECT / 'runs' / 'lab.sqlite3'}"


def test_a_process_has_one_store_for_a_url_and_follows_a_change_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = open_store()
    assert open_store() is first
    monkeypatch.setenv("LAB_DATABASE_URL", f"sqlite:///{tmp_path / 'other.sqlite3'}")
    assert open_store() is not first
    assert open_store(first.url) is first


def test_sessions_that_open_the_store_at_once_get_one_object(tmp_path: Path) -> None:
    url, together = file_url(tmp_path / "lab.sqlite3"), Barrier(6)

    def session(_: int) -> Store:
        together.wait()
        return open_store(url)

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(session, range(6)))) == 1
