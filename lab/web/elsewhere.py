"""What goes on elsewhere: which runs are live, how many have ended and whether one has another name, as words that a
page compares with those that it was drawn with. A page that follows no run is told this alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from lab.store import Active, Store


def what_goes_on(store: Store) -> list[str]:
    """What a page is drawn with, as far as the runs of others go.

    Raises:
        StoreError: it cannot be read.
    """
    return words_of(store.active(), store.ended())


def words_of(active: Sequence[Active], ended: Mapping[str, tuple[int, int, int]]) -> list[str]:
    """A word for each run that has not ended, in their order, which begins with its number; one for each way to end.

    And one for the name of each that has not ended: what a page follows of a run tells it of all else.
    """
    live = [f"{run.id}-{run.status}-{run.command}" for run in active]
    names = [f"name-{run.id}-{crc32((run.name or '').encode(errors='replace')):x}" for run in active]
    return live + names + [f"{status}-{'-'.join(map(str, counts))}" for status, counts in ended.items()]


class Elsewhere:
    """What is told to all pages that follow no run."""

    def __init__(self, words: list[str]) -> None:
        self._told: dict[str, Any] = {"elsewhere": words, "problem": ""}

    def hear(self, words: list[str]) -> str | None:
        """Take note of what goes on; returns the message of it, or None where nothing has changed."""
        return self._tell({"elsewhere": words, "problem": ""})

    def trouble(self, problem: str) -> str | None:
        """Take note of why nothing can be read for now; as above."""
        return self._tell({"problem": problem})

    def nothing(self, pages: int) -> str:
        """The message that nothing is new, and how many pages are open."""
        return json.dumps({"pages": pages})

    def opening(self) -> str:
        """The message for who begins to listen."""
        return json.dumps(self._told)

    def _tell(self, standing: dict[str, Any]) -> str | None:
        news = {name: value for name, value in standing.items() if self._told[name] != value}
        self._told |= news
        return json.dumps(news) if news else None
