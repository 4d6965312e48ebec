"""A row that cannot be read is one run shown as such: every other run is served, and it can be deleted."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from examples import noted, tiny_run
from stories import STARTED, WINDOW, epoch, running

from lab.config import from_json, to_json
from lab.events import Finished, event_from_row
from lab.store import Store, StoreError

CONFIG = json.loads(to_json(tiny_run()))
DEEP = '{"network":' + "[" * 200_000


def overwrite(store: Store, table: str, column: str, value: object, run_id: int) -> None:
    """What a later lab, another tool or a bad disk may leave in a column."""
    key = "id" if table == "runs" else "run_id"
    with store._database.writing() as connection:
        connection.execute(
            sa.text(f"UPDATE {table} SET {column} = :value WHERE {key} = :id"), {"value": value, "id": run_id}
        )


RUN_FAULTS: dict[str, tuple[str, object, str]] = {
    "a field of a later version": ("config", json.dumps(CONFIG | {"colour": "red"}), "no field 'colour'"),
    "a value of a later version": ("config", json.dumps(CONFIG | {"device": "tpu"}), "device is 'tpu'"),
    "a lost field": ("config", json.dumps({"epochs": 3}), "lacks a field"),
    "broken JSON": ("config", to_json(tiny_run())[:-9], "not JSON"),
    "a list": ("config", "[" + "1," * 100_000 + "1]", "config is"),
    "nesting 200,000 deep": ("config", DEEP, "not JSON"),
    "a number in place of the config": ("config", 5, "config is"),
    "bytes in place of the config": ("config", b"\x00\xff", "config is"),
    "invalid UTF-8": ("config", "CAST(x'7bff7d' AS TEXT)", "not JSON"),
    "an unknown status": ("status", "dreaming", "status is 'dreaming'"),
    "no status": ("status", b"", "status is"),
    "bytes in place of the name": ("name", b"\xff\xfe", "name is"),
    "a text in place of a time": ("created", "yesterday", "'created' is 'yesterday'"),
    "a time after all calendars": ("ended", 1e300, "'ended' is"),
    "a time that Windows can write no date of": ("ended", 4e10, "'ended' is"),
    "a time before all runs": ("ended", -1.0, "'ended' is"),
    "an endless time": ("started", float("inf"), "'started' is"),
    "bytes in place of the device": ("device", b"cpu", "device is"),
}


@pytest.mark.parametrize("fault", RUN_FAULTS)
def test_a_damaged_row_is_one_unreadable_run_and_all_others_are_served(store: Store, fault: str) -> None:
    column, value, problem = RUN_FAULTS[fault]
    before, broken, after = (running(store, STARTED, epoch(1), Finished()) for _ in range(3))
    if fault == "invalid UTF-8":
        with store._database.writing() as connection:
            connection.exec_driver_sql(f"UPDATE runs SET config = {value} WHERE id = {broken}")
    else:
        overwrite(store, "runs", column, value, broken)
    assert [run.id for run in store.runs()] == [after, before]
    [unreadable] = store.unreadable()
    assert unreadable.id == broken
    assert unreadable.name
    assert unreadable.problem.startswith(f"Run {broken} cannot be read: ")
    assert problem in unreadable.problem
    assert len(unreadable.problem) < 400
    assert "\n" not in unreadable.problem
    with pytest.raises(StoreError, match=f"Run {broken} cannot be read"):
        store.run(broken)
    store.delete(broken)
    assert store.unreadable() == []
    assert store.events_after(broken) == []
    assert [run.id for run in store.runs()] == [after, before]


EVENT_FAULTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "an event of a later version": lambda row: json.dumps({"event": "checkpoint"}),
    "a field of a later version": lambda row: json.dumps(row | {"colour": "red"}),
    "a lost field": lambda row: json.dumps({"event": row["event"], "epoch": 1}),
    "another type": lambda row: json.dumps(row | {"epoch": "one"}),
    "a number without end": lambda row: json.dumps(row | {"epoch": 10**400}),
    "broken JSON": lambda row: json.dumps(row)[:-5],
    "nesting 200,000 deep": lambda row: "[" * 200_000,
    "a number": lambda row: 5,
    "bytes": lambda row: b"\xff",
}


@pytest.mark.parametrize("fault", EVENT_FAULTS)
def test_an_epoch_that_cannot_be_read_is_that_runs_trouble_alone(store: Store, fault: str) -> None:
    broken, sound = running(store, epoch(1), Finished()), running(store, epoch(1), Finished())
    overwrite(store, "events", "payload", EVENT_FAULTS[fault](epoch(1).row()), broken)
    epochs = store.epochs([broken, sound])
    assert [one.epoch for one in epochs[sound]] == [1]
    assert broken not in epochs
    with pytest.raises(StoreError, match=rf"Run {broken} cannot be read: its event \d+ is damaged"):
        epochs[broken]
    with pytest.raises(StoreError, match=rf"Run {broken} cannot be read: its event \d+ is damaged"):
        store.events_after(broken)
    assert [run.id for run in store.unreadable()] == [broken]
    assert len(store.events_after(sound)) == 2


def test_an_event_said_at_no_time_is_told_in_a_sentence(store: Store) -> None:
    run_id = running(store, WINDOW)
    overwrite(store, "events", "time", "noon", run_id)
    with pytest.raises(StoreError, match=rf"Run {run_id} cannot be read: its event \d+ was said at the time 'noon'"):
        store.events_after(run_id)


def test_epochs_of_a_run_that_is_not_asked_for_are_told_in_a_sentence(store: Store) -> None:
    with pytest.raises(StoreError, match=r"There is no run 5"):
        store.epochs([])[5]


def test_a_config_is_read_once_however_many_there_are(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page asks at every refresh, and 600 configs do not fit the cache of 512 that there was."""
    from lab.store import reading

    for seed in range(600):
        store.submit(tiny_run(seed=seed))
    read: list[str] = []
    monkeypatch.setattr(reading, "from_json", lambda text: from_json(noted(read, text)))
    first = store.runs()
    assert len(set(read)) == len(read) == 600
    assert store.runs() == first
    assert len(read) == 600


def test_an_epoch_is_read_once_however_many_there_are_and_again_when_it_is_another(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A term leaves tens of thousands, and the pages that list all runs ask for all of them at every click."""
    from lab.store import reading

    runs = [running(store, epoch(1), epoch(2, correct=9000 + number), Finished()) for number in range(5)]
    read: list[Any] = []
    monkeypatch.setattr(reading, "event_from_row", lambda row: event_from_row(noted(read, row)))
    first = store.epochs(runs)
    assert (len(first), store.epochs(runs)) == (5, first)
    assert store.unreadable() == []
    assert len(read) <= 10
    overwrite(store, "events", "payload", "spoilt", runs[0])
    assert sorted(store.epochs(runs)) == runs[1:]
