"""What tests of the background worker share: long runs, how one waits for them, and what came of them."""

from collections.abc import Callable

from examples import TINY_NETWORK, facts, tiny_run, wait_until

from lab.events import Checkpoint, Epoch
from lab.jobs import Worker
from lab.network_config import NetworkConfig
from lab.store import Store
from lab.training_config import Augmentation, Optimizer, Schedule

LONG = tiny_run(epochs=200, batch_size=1)
"""9,600 iterations: far more than any test waits for."""
EVERYTHING = tiny_run(
    network=NetworkConfig(layers=TINY_NETWORK.layers, batch_norm=True, dropout=0.2),
    augmentation=Augmentation(rotation=10, shift=2, pen=0.5, interpolation="bilinear"),
    optimizer=Optimizer(kind="adamw", learning_rate=0.01, weight_decay=0.1),
    schedule=Schedule(kind="one_cycle"),
)

StartWorker = Callable[..., Worker]


def kinds(store: Store, run_id: int) -> list[str]:
    return [kept.event.kind for kept in store.events_after(run_id)]


def until_status(store: Store, run_id: int, *statuses: str) -> float:
    """Seconds until the run has one of these statuses."""
    return wait_until(lambda: store.run(run_id).status in statuses)


def what_was_learnt(store: Store, run_id: int) -> tuple[list[Epoch], Checkpoint]:
    """Every figure of every epoch but the seconds, and the last checkpoint to the byte."""
    return [facts(epoch) for epoch in store.epochs([run_id])[run_id]], store.checkpoint(run_id)
