"""A run's commit is known where the lab is a clone, and never keeps a run from training."""

import re
import subprocess
from pathlib import Path

import pytest
from examples import noted

from lab import revision
from lab.revision import code_commit, described


def git(root: Path, *words: str) -> str:
    told = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    root = tmp_path / "clone"
    root.mkdir()
    git(root, "init")
    (root / "code.py").write_text("1")
    git(root, "add", "code.py")
    git(root, "commit", "-m", "first")
    return root


def test_a_clone_says_its_commit_and_whether_a_file_differs(clone: Path) -> None:
    commit = git(clone, "rev-parse", "HEAD")[:12]
    assert described(clone) == commit
    (clone / "code.py").write_text("2")
    assert described(clone) == f"{commit}-dirty"


def test_a_tag_does_not_stand_for_the_commit(clone: Path) -> None:
    git(clone, "tag", "-a", "v1", "-m", "one")
    assert re.fullmatch("[0-9a-f]{12}", described(clone))


def test_a_worktree_says_its_own_commit(clone: Path, tmp_path: Path) -> None:
    git(clone, "worktree", "add", str(tmp_path / "other"))
    assert described(tmp_path / "other") == described(clone)


def test_a_folder_without_git_has_none_even_inside_another_clone(clone: Path) -> None:
    inside = clone / "lab"
    inside.mkdir()
    assert described(inside) == ""


def test_a_repository_that_a_hook_names_is_not_taken_for_the_labs(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert re.fullmatch("[0-9a-f]{12}", described(clone))


@pytest.mark.parametrize(
    "trouble",
    [
        FileNotFoundError("git"),
        subprocess.TimeoutExpired("git", revision.SECONDS),
        subprocess.CalledProcessError(128, "git", stderr=b"dubious ownership"),
    ],
)
def test_whatever_keeps_git_from_answering_the_commit_is_only_not_known(
    clone: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr(subprocess, "run", fails)
    assert described(clone) == ""


def test_git_is_asked_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(revision, "described", lambda root: noted(asked, root).name)
    code_commit.cache_clear()
    assert code_commit() == code_commit() == revision.ROOT.name
    code_commit.cache_clear()
    assert asked == [revision.ROOT]
