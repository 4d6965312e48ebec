"""Who waits and for what, in which order, and how the runs that have ended are counted."""

import socket
import time

import pytest
import sqlalchemy as sa
from claiming import claimed, place_in_the_queue, say
from examples import tiny_run
from stories import ELSEWHERE, ME, STARTED, running

from lab.events import Finished, Paused, Stopped
from lab.store import Store, active, turns, worker_name
from lab.store.active import KILLED


def test_a_run_that_waits_for_a_command_that_has_ended_is_interrupted_and_can_be_resumed(
    store: Store, dead_worker: str
) -> None:
    run_id = store.submit(tiny_run(), owner=dead_worker)
    run = store.run(run_id)
    assert (run.status, run.reason) == ("interrupted", active.QUEUED_BY_THE_DEAD)
    store.requeue(run_id)
    assert store.run(run_id).status == "queued"
    store.send(run_id, "stop")
    store.requeue(run_id, owner=dead_worker)
    assert store.run(run_id).status == "interrupted"


def test_what_was_thought_of_an_attempt_that_never_began_is_not_told_to_the_next(
    store: Store, dead_worker: str
) -> None:
    run_id = store.submit(tiny_run(), owner=worker_name())
    waiting = store.run(run_id)
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET owner = :dead"), {"dead": dead_worker})
    assert store.run(run_id).status == "interrupted"
    store.requeue(run_id)
    assert store.run(run_id).attempt == waiting.attempt + 1
    assert not store.send(run_id, "stop", seen=waiting)
    assert store.run(run_id).status == "queued"


@pytest.mark.parametrize("owner", [None, worker_name(), "another-host:1:1"])
def test_a_run_waits_as_long_as_its_command_does(store: Store, owner: str | None) -> None:
    run_id = store.submit(tiny_run(), owner=owner)
    assert store.run(run_id).status == "queued"


def test_a_run_that_has_begun_no_longer_depends_on_the_command(store: Store, dead_worker: str) -> None:
    """The app has taken it first."""
    run_id = store.submit(tiny_run(), owner=worker_name())
    claimed(store, run_id, ME).append(STARTED)
    assert store.active()[0].owner is None


def test_the_place_in_the_queue_is_that_of_the_runs_device(store: Store) -> None:
    store.devices = ("cuda", "cpu")
    on = {
        device: [store.submit(tiny_run(device=device)) for _ in range(2)] for device in ("cpu", "cuda", "auto", "mps")
    }
    assert [place_in_the_queue(store, run_id) for run_id in on["cpu"] + on["mps"]] == [
        0,
        1,
        2,
        3,
    ]  # mps is nowhere here
    assert [place_in_the_queue(store, run_id) for run_id in on["cuda"] + on["auto"]] == [0, 1, 2, 3]
    training = on["cuda"].pop(0)
    claimed(store, training, ME, device="cuda")
    before = store.ahead(on["auto"][1])
    assert before is not None
    assert (before.device, before.training, before.waiting) == ("cuda", training, (on["cuda"][0], on["auto"][0]))
    before = store.ahead(on["cpu"][0])
    assert before is not None
    assert (before.device, before.training, before.waiting) == ("cpu", None, ())


def test_nobody_has_a_turn_on_a_busy_device_and_others_hosts_have_their_own(store: Store) -> None:
    run_id = running(store, STARTED)
    waiting = store.submit(tiny_run())
    assert turns(store.active(), "cpu", ["cpu"]) == []
    say(store, run_id, Finished())
    claimed(store, store.submit(tiny_run()), ELSEWHERE, device="cpu")
    assert [run.id for run in turns(store.active(), "cpu", ["cpu"])] == [waiting]


UNREADABLE = {
    "config of a later lab": "UPDATE runs SET config = '{\"colour\": 1}' WHERE id = :id",
    "no config": "UPDATE runs SET config = '{' WHERE id = :id",
    "deep": f"UPDATE runs SET config = '{'[' * 200_000}' WHERE id = :id",
    "a device of a later lab": "UPDATE runs SET wanted = 'tpu' WHERE id = :id",
}


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_run_is_no_hindrance_to_the_queue(store: Store, damage: str) -> None:
    first, second = store.submit(tiny_run()), store.submit(tiny_run())
    with store._database.writing() as connection:
        connection.execute(sa.text(damage), {"id": first})
    assert [run.id for run in turns(store.active(), "cpu", ["cpu"])] == [first, second]


@pytest.mark.parametrize("column", ["worker", "claim", "turn", "device", "wanted"])
def test_a_row_that_holds_what_it_cannot_holds_up_nobody(store: Store, column: str) -> None:
    odd, sound = store.submit(tiny_run()), store.submit(tiny_run())
    with store._database.writing() as connection:
        connection.execute(sa.text(f"UPDATE runs SET {column} = x'ff00' WHERE id = :id"), {"id": odd})
    assert [run.id for run in turns(store.active(), "cpu", ["cpu"])] == [sound]
    assert sound in [run.id for run in store.runs()]


@pytest.mark.parametrize("value", ["x'ff00'", "'soon'", "1e300", "9e999", "-1e300", "NULL"])
def test_a_damaged_heartbeat_keeps_no_device_from_others_once_its_worker_is_gone(store: Store, value: str) -> None:
    dead = running(store, STARTED, worker=f"{socket.gethostname()}:999999999:gone")
    with store._database.writing() as connection:
        connection.execute(sa.text(f"UPDATE runs SET heartbeat = {value} WHERE id = :id"), {"id": dead})
    before = time.time()
    found = store.run(dead)
    assert (found.status, found.reason) == ("interrupted", KILLED) and before <= (found.ended or 0) <= time.time()
    assert store.claim(store.submit(tiny_run()), ME, found.device or "") is not None


@pytest.mark.parametrize("column", ["heartbeat", "owner", "host"])
def test_a_run_waits_for_its_turn_whatever_its_last_worker_has_left(store: Store, column: str) -> None:
    run_id = store.submit(tiny_run())
    with store._database.writing() as connection:
        connection.execute(sa.text(f"UPDATE runs SET {column} = x'ff00' WHERE id = :id"), {"id": run_id})
    assert [run.id for run in turns(store.active(), "cpu", ["cpu"])] == [run_id]


def test_a_paused_run_has_its_turn_once_it_is_told_to_go_on_and_not_before(store: Store) -> None:
    run_id = running(store, STARTED)
    store.send(run_id, "pause")
    say(store, run_id, Paused())
    assert turns(store.active(), "cpu", ["cpu"]) == []
    store.send(run_id, "run")
    assert [run.id for run in turns(store.active(), "cpu", ["cpu"])] == [run_id]


def test_a_run_that_is_queued_again_stands_in_the_queue_of_the_device_that_is_fastest_now(store: Store) -> None:
    """It was trained on the CPU, before there was a GPU."""
    run_id = running(store, STARTED, Stopped(), config=tiny_run(device="auto"))
    store.requeue(run_id)
    assert store.run(run_id).device == "cpu"
    assert [run.id for run in turns(store.active(), "cuda", ["cuda", "cpu"])] == [run_id]
    assert turns(store.active(), "cpu", ["cuda", "cpu"]) == []


def test_the_question_who_waits_reads_no_run_that_has_ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: the rows are found by an index."""
    queries: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        queries.append(statement)

    for seed in range(20):
        store.send(store.submit(tiny_run(seed=seed)), "stop")
    sa.event.listen(store._database._engine, "before_cursor_execute", listen)
    store.active()
    [query] = [query for query in queries if query.startswith("SELECT")]
    with store._database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("queued", "running", "paused")).all()
    assert any("runs_that_have_not_ended" in str(line) for line in plan)
    assert not any(str(line[-1]).startswith("SCAN") for line in plan)
    assert "config" not in query


def test_the_runs_that_have_ended_are_counted_by_how_they_did_with_the_newest(store: Store) -> None:
    assert store.ended() == {}
    first = running(store, STARTED, Finished())
    second = running(store, STARTED, Finished())
    stopped = running(store, STARTED, Stopped())
    store.submit(tiny_run())
    running(store, STARTED)
    assert counted(store) == {"finished": (2, second), "stopped": (1, stopped)}
    store.delete(second)
    assert counted(store) == {"finished": (1, first), "stopped": (1, stopped)}


def counted(store: Store) -> dict[str, tuple[int, int]]:
    """By how they ended: how many runs, and the newest of them."""
    return {status: (many, newest) for status, (many, newest, _) in store.ended().items()}


def test_a_new_name_of_a_run_is_seen_where_runs_are_counted_and_moves_none_in_its_queue(store: Store) -> None:
    ended, waits, other = running(store, STARTED, Finished()), store.submit(tiny_run()), store.submit(tiny_run())
    for run_id in (ended, waits):
        before = store.ended(), store.active()
        store.rename(run_id, "another name")
        assert (store.ended(), store.active()) != before
    assert [(run.id, run.name) for run in store.active()] == [(waits, "another name"), (other, store.run(other).name)]


@pytest.mark.parametrize("status", [7, "an odd word"])
def test_a_run_whose_status_is_odd_is_counted_like_any_other(store: Store, status: int | str) -> None:
    finished, odd = running(store, STARTED, Finished()), running(store, STARTED)
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET status = :status WHERE id = :id"), {"status": status, "id": odd})
    assert counted(store) == {"finished": (1, finished), str(status): (1, odd)}
