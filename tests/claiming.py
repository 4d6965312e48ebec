"""A worker's side of a run, for tests that tell a run's story without training it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from lab.config import RunConfig
from lab.events import Event
from lab.store import Claim, Store

_claims: dict[tuple[str, int], Claim] = {}


def claimed(store: Store, run_id: int, worker: str, device: str = "cpu") -> Claim:
    """The queued run, taken by `worker`; `say` goes on speaking for it."""
    claim = store.claim(run_id, worker, device)
    assert claim is not None
    _claims[store.url, run_id] = claim
    return claim


def queued_and_claimed(store: Store, config: RunConfig, name: str | None, worker: str, device: str) -> int:
    """A new run, taken by `worker` before the worker of a server that has the same file can see it."""
    database = store._database
    with database.writing() as connection:
        store._database = cast(Any, _Within(connection))
        try:
            run_id = store.submit(config, name)
            claim = claimed(store, run_id, worker, device)
        finally:
            store._database = database
    _claims[store.url, run_id] = replace(claim, database=database)
    return run_id


class _Within:
    """A transaction, in the place of the database that it is one of."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @contextmanager
    def writing(self, durably: bool = False) -> Iterator[Any]:
        yield self.connection

    @contextmanager
    def reading(self) -> Iterator[Any]:
        yield self.connection


def say(store: Store, run_id: int, *events: Event) -> None:
    """Have the worker that took the run with `claimed` say these events."""
    for event in events:
        _claims[store.url, run_id].append(event)


def beat(store: Store, run_id: int) -> str:
    """Have the worker that took the run with `claimed` show that it lives; returns the run's command."""
    return _claims[store.url, run_id].beat()


def place_in_the_queue(store: Store, run_id: int) -> int:
    """How many runs wait for the same device and come before this one."""
    before = store.ahead(run_id)
    return len(before.waiting) if before else 0
