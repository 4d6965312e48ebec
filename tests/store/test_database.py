"""Opening the database: where it is, and every trouble of it in one sentence."""

from pathlib import Path

import pytest
from examples import tiny_run

from lab.store import Store, StoreError, database_url, open_store

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


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite3"
    path.write_text("Dear diary, today I trained a network.\n" * 100, encoding="utf-8")
    with pytest.raises(StoreError) as error:
        Store(f"sqlite:///{path}")
    assert "file is not a database" in str(error.value)
    assert str(path) in str(error.value)
    assert "LAB_DATABASE_URL" in str(error.value)
    assert path.read_text(encoding="utf-8").startswith("Dear diary")


@pytest.mark.parametrize("url", ["runs/lab.sqlite3", "sqlite:////dev/null/lab.sqlite3", "nosql://somewhere/lab"])
def test_a_url_that_names_no_database_is_told_in_a_sentence(url: str) -> None:
    with pytest.raises(StoreError, match="cannot be opened") as error:
        Store(url)
    assert url in str(error.value)
    assert "\n" not in str(error.value)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(StoreError, match=r"nosql://class:\*\*\*@host/lab"):
        Store("nosql://class:secret@host/lab")


def test_a_database_damaged_while_open_is_told_in_a_sentence(store: Store) -> None:
    store.submit(tiny_run())
    store.close()
    path = Path(store.url.removeprefix("sqlite:///"))
    for file in path.parent.iterdir():
        file.write_bytes(b"noise" * 5000)
    with pytest.raises(StoreError, match="did not answer"):
        store.runs()
