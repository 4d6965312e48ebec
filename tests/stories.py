"""Runs as their workers tell them: a few events, and a run that this process has claimed and that has said some."""

from examples import claimed, say, tiny_run

from lab.config import RunConfig
from lab.events import Checkpoint, Epoch, Event, Started, Window
from lab.store import Store, worker_name

ME = f"{worker_name()}:test"
STARTED = Started(
    device="cpu",
    device_name="a CPU",
    engine="PyTorch",
    parameters=1,
    first_epoch=1,
    epochs=3,
    iterations_per_epoch=3,
    batch_size=16,
)
WINDOW = Window(epoch=1, iteration=1, loss=2.3, accuracy=10.0, learning_rate=0.01, images_per_second=1000.0)


def epoch(number: int, correct: int = 9000) -> Epoch:
    """An epoch whose checkpoint can be told from every other's."""
    return Epoch(
        epoch=number,
        train_loss=0.5,
        train_accuracy=90.0,
        test_loss=0.4,
        test_accuracy=correct / 100,
        test_correct=correct,
        learning_rate=0.01,
        seconds=1.5,
        checkpoint=Checkpoint(
            epoch=number,
            weights=f"weights {number}".encode(),
            predictions=bytes([number, 7]),
            optimizer_state=f"state {number}".encode(),
        ),
    )


def running(store: Store, *events: Event, config: RunConfig | None = None, worker: str = ME) -> int:
    """A run that `worker` has claimed and that has said `events`."""
    run_id = store.submit(config or tiny_run())
    claimed(store, run_id, worker)
    say(store, run_id, *events)
    return run_id
