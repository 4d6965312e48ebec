"""Another lab's store, whose runs are imported."""

from pathlib import Path

import pytest

from lab.store import Store, file_url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where another lab keeps its runs: a folder with an odd name."""
    return tmp_path / "What is a CNN? 100% #1" / "theirs.sqlite3"


@pytest.fixture
def theirs(file: Path) -> Store:
    return Store(file_url(file))
