"""A run that goes on, after a stop, a kill or as a fork, is the one that was never interrupted."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from examples import wait_until
from workers import EVERYTHING, StartWorker, until_status, what_was_learnt

from lab import attempt, jobs
from lab.events import Epoch, Event
from lab.jobs import Worker
from lab.store import ENDED, Store
from lab.training import train
from lab.training_config import Optimizer, Schedule

ROOT = Path(__file__).parent.parent


def test_a_run_stopped_after_an_epoch_and_resumed_is_the_uninterrupted_one(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "COMMAND_POLL_SECONDS", 0.0)  # asked at every iteration
    whole = store.submit(EVERYTHING)
    start_worker()
    until_status(store, whole, "finished")

    def stopped_after_each_epoch(*arguments: Any) -> Iterator[Event]:
        for event in train(*arguments):
            yield event
            if isinstance(event, Epoch):
                store.send(stopped, "stop")

    monkeypatch.setattr(jobs, "train", stopped_after_each_epoch)
    stopped = store.submit(EVERYTHING)
    for epochs in (1, 2):
        until_status(store, stopped, "stopped")
        assert store.checkpoint_epochs(stopped) == list(range(1, epochs + 1))
        store.requeue(stopped)
    until_status(store, stopped, "finished")  # nothing is asked after the last epoch
    assert what_was_learnt(store, stopped) == what_was_learnt(store, whole)


def test_a_killed_process_leaves_an_interrupted_run_that_goes_on_to_the_same_weights(store: Store) -> None:
    """A real process on the real data, killed with SIGKILL in the middle of its second epoch.

    To keep it short the network is tiny; so the run is queued and stopped here, and `python -m lab resume` trains it
    from its first iteration.
    """
    config = replace(EVERYTHING, epochs=3, batch_size=64, training_images=3_000)
    killed = store.submit(config)
    store.send(killed, "stop")
    with subprocess.Popen(
        [sys.executable, "-m", "lab", "resume", str(killed), "--json"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        wait_until(lambda: any(getattr(kept.event, "epoch", 0) == 2 for kept in store.events_after(killed)))
        process.kill()
        assert process.stdout is not None
        shown = [json.loads(line) for line in process.stdout]

    assert store.run(killed).status == "interrupted"
    kept = store.epochs([killed])[killed]
    assert len(kept) in (1, 2)  # on a very fast machine the second epoch may just have ended
    assert store.checkpoint_epochs(killed) == [epoch.epoch for epoch in kept] == list(range(1, len(kept) + 1))
    for row in shown:
        if row["event"] == "epoch":  # what was shown before the end is what was kept
            assert {key: row[key] for key in kept[0].row()} == kept[row["epoch"] - 1].row()

    whole = store.submit(config)
    store.requeue(killed)
    for run_id in (killed, whole):
        worker = Worker(store, "cpu", only=run_id)
        worker.start()
        until_status(store, run_id, *ENDED)
        worker.end()
        assert store.run(run_id).status == "finished"
    assert what_was_learnt(store, killed) == what_was_learnt(store, whole)


# --- forks -------------------------------------------------------------------------------------------------------


def test_a_fork_under_the_same_config_is_the_parent_where_the_optimiser_has_no_memory(
    store: Store, start_worker: StartWorker
) -> None:
    plain = replace(EVERYTHING, optimizer=Optimizer(momentum=0), schedule=Schedule(kind="cosine"))
    parent = store.submit(plain)
    start_worker()
    until_status(store, parent, *ENDED)
    fork = store.fork(parent, 1, plain)
    until_status(store, fork, *ENDED)
    assert what_was_learnt(store, fork) == what_was_learnt(store, parent)


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": Optimizer(learning_rate=0.0001)},
        {"optimizer": Optimizer(kind="adamw", learning_rate=0.0001)},
        {"network": replace(EVERYTHING.network, dropout=0.0), "weight_averaging": 0.9},
    ],
    ids=["a lower rate", "another optimiser", "dropout off and an average"],
)
def test_a_fork_under_another_config_differs_from_its_own_first_epoch_on(
    change: dict[str, Any], store: Store, start_worker: StartWorker
) -> None:
    parent = store.submit(EVERYTHING)
    start_worker()
    until_status(store, parent, *ENDED)
    fork = store.fork(parent, 2, replace(EVERYTHING, **change))
    until_status(store, fork, *ENDED)
    (before, weights), (after, changed) = what_was_learnt(store, parent), what_was_learnt(store, fork)
    assert store.run(fork).status == "finished"
    assert [epoch.epoch for epoch in after] == [1, 2, 3]
    assert after[:2] == before[:2]
    assert after[2].train_loss != before[2].train_loss
    assert changed.weights != weights.weights
