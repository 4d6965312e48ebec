"""The workers are started behind the caller's back: at once, and only once."""

import threading

import pytest
from examples import tiny_run, wait_until
from lab.background import start_workers

from lab import background, jobs
from lab.mnist import Mnist
from lab.store import Store


def test_torch_is_not_imported_while_the_first_page_is_drawn(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = threading.Event()
    monkeypatch.setattr(background, "_import_and_start", lambda store: imported.set())
    monkeypatch.setattr(background, "_started", set())
    monkeypatch.setattr(background, "FIRST_PAGE_SECONDS", 0.5)
    start_workers(store)
    assert not imported.wait(0.1)
    assert imported.wait(60)


def test_the_first_call_starts_the_workers_and_later_ones_nothing(
    store: Store, few: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    monkeypatch.setattr(jobs, "available_devices", lambda: ["cpu"])
    monkeypatch.setattr(jobs, "_background", {})
    monkeypatch.setattr(background, "_started", set())
    monkeypatch.setattr(background, "FIRST_PAGE_SECONDS", 0.1)
    run_id, before = store.submit(tiny_run(device="cpu")), set(threading.enumerate())
    for _ in range(3):
        start_workers(store)
    wait_until(lambda: store.run(run_id).status == "finished")
    started = set(threading.enumerate()) - before
    assert [thread.name for thread in started].count("lab-worker-cpu") == 1
    [worker] = jobs._background.values()
    worker.end()
    assert not worker.is_alive()
