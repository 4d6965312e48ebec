"""The workers start beside the pages when that disturbs nobody, and end with the server."""

import asyncio
import socket
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from examples import tiny_run, wait_until

from lab import jobs, lifespan
from lab.lifespan import Background
from lab.mnist import Mnist
from lab.process import OPEN_FILES
from lab.store import Claim, Store, StoreError, StoreUnavailable

Visit = Callable[[], None]


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Visit:
    """A server that nobody has visited; call it to draw its first page."""
    monkeypatch.setattr(lifespan, "_visited", threading.Event())
    monkeypatch.setattr(lifespan, "UNVISITED_SECONDS", 600)
    monkeypatch.setattr(lifespan, "FIRST_PAGE_SECONDS", 0.05)
    monkeypatch.setattr(jobs, "available_devices", lambda: ["cpu"])
    return lifespan.visited


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch, few: Mnist) -> threading.Event:
    """Set once the workers have been started, which is when torch is imported."""
    begun = threading.Event()
    start = jobs.Workers.start

    def started(workers: jobs.Workers, store: Store) -> None:
        start(workers, store)
        begun.set()

    monkeypatch.setattr(jobs.Workers, "start", started)
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    return begun


def test_nothing_begins_before_the_first_page_is_drawn(visit: Visit, training: threading.Event, store: Store) -> None:
    background = Background()
    background.start()
    assert not training.wait(0.2)
    visit()
    assert training.wait(60)
    assert background.end(60)


def test_the_first_page_is_left_to_itself_for_a_while(
    visit: Visit, training: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifespan, "FIRST_PAGE_SECONDS", 600)
    background = Background()
    background.start()
    visit()
    assert not training.wait(0.2)
    assert background.end(60)
    assert not training.is_set()


def test_a_server_that_nobody_visits_trains_what_is_queued(
    visit: Visit, training: threading.Event, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setattr(lifespan, "UNVISITED_SECONDS", 0.05)
    run_id = store.submit(tiny_run())
    background = Background()
    background.start()
    wait_until(lambda: store.run(run_id).status == "finished")
    assert background.end(60)


def test_a_store_that_cannot_be_opened_is_asked_again(
    visit: Visit, training: threading.Event, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    answers = iter([StoreError("The database did not answer.")])

    def open_store() -> Store:
        for error in answers:
            raise error
        return store

    monkeypatch.setattr(lifespan, "open_store", open_store)
    monkeypatch.setattr(lifespan, "LOOK_SECONDS", 0.05)
    background = Background()
    background.start()
    visit()
    assert training.wait(60)
    assert background.end(60)


def test_a_trainer_that_cannot_begin_is_told(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(_: object) -> None:
        raise ImportError("no torch")

    monkeypatch.setattr(jobs.Workers, "start", cannot)
    background = Background()
    monkeypatch.setattr(lifespan, "_serving", [background])
    assert lifespan.problems() == []
    background.start()
    visit()
    wait_until(lambda: lifespan.problems() != [])
    assert lifespan.problems() == ["The trainer of this server has ended unexpectedly: restart the lab."]
    assert background.end(60)
    assert lifespan.problems() == []


def test_a_page_is_told_what_training_waits_for(
    visit: Visit, training: threading.Event, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    def full(*_: object) -> None:
        raise StoreUnavailable("The database is full.")

    monkeypatch.setattr(Claim, "append", full)
    background = Background()
    monkeypatch.setattr(lifespan, "_serving", [background])
    run_id = store.submit(tiny_run())
    background.start()
    visit()
    wait_until(lambda: lifespan.problems() == [f"Run {run_id} waits: The database is full."])
    assert background.end(60)
    assert (
        store.run(run_id).reason == "The lab was closed while this run waited for the database. The database is full."
    )


def test_the_workers_live_as_long_as_the_lifespan(visit: Visit, training: threading.Event, store: Store) -> None:
    run_id = store.submit(tiny_run(epochs=200, batch_size=1))

    async def serve() -> None:
        async with lifespan.lifespan(None):
            visit()
            assert await asyncio.to_thread(training.wait, 60)
            await asyncio.to_thread(wait_until, lambda: store.run(run_id).status == "running")

    before = set(threading.enumerate())
    asyncio.run(serve())
    assert [thread.name for thread in set(threading.enumerate()) - before] == []
    assert store.run(run_id).status == "interrupted"


def test_a_server_has_as_many_connections_as_a_class_needs(visit: Visit) -> None:
    """macOS lets a process have 256 at first, and a page that was left keeps three for two minutes."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = min(OPEN_FILES // 2, before[1])  # and yet more than the tests have open by now

    async def serve() -> int:
        async with lifespan.lifespan(None):
            return int(resource.getrlimit(resource.RLIMIT_NOFILE)[0])

    try:
        for begins_with in (few, before[1]):
            resource.setrlimit(resource.RLIMIT_NOFILE, (begins_with, before[1]))
            assert asyncio.run(serve()) == max(begins_with, min(OPEN_FILES, before[1]))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_every_connection_sends_small_answers_at_once() -> None:
    """On a socket that was made as Streamlit makes it, on which asyncio leaves them to be collected."""
    options: list[int] = []

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        options.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def serve() -> None:
        with socket.socket(family=socket.AF_INET) as listening:
            listening.bind(("127.0.0.1", 0))
            server = SimpleNamespace(started=False, servers=[])
            telling = asyncio.create_task(lifespan._send_at_once(server))
            server.servers.append(await asyncio.start_server(answer, sock=listening))
            server.started = True
            await telling
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            await reader.read()
            writer.close()
            server.servers[0].close()

    asyncio.run(serve())
    assert options and options[0]
