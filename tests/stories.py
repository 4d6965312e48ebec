"""Runs as their workers tell them: a few events, and a run that this process has claimed and that has said some."""

from dataclasses import replace

import numpy as np
from claiming import claimed, say
from examples import tiny_run
from safetensors.numpy import save

from lab.config import RunConfig
from lab.events import Checkpoint, Epoch, Event, Finished, Started, Window
from lab.store import Store, worker_name

ME = f"{worker_name()}:test"
ELSEWHERE = "another-host:1:1:worker"
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


def whole(number: int) -> Epoch:
    """An epoch of `tiny_run` whose checkpoint holds what it must: weights, predictions and an optimiser's state."""
    sizes = {"0.weight": (6, 1, 5, 5), "5.weight": (10, 6, 3, 3), "5.bias": (10,)}
    tensors = {name: np.full(shape, number, np.float32) for name, shape in sizes.items()}
    predictions = bytes(index % 10 for index in range(10_000))
    state = save({"0.momentum_buffer": tensors["0.weight"]})
    checkpoint = Checkpoint(epoch=number, weights=save(tensors), predictions=predictions, optimizer_state=state)
    return replace(epoch(number), checkpoint=checkpoint)


def finished(store: Store, config: RunConfig | None = None) -> int:
    """A sound run of `tiny_run`'s three epochs."""
    return running(store, STARTED, WINDOW, *(whole(number) for number in (1, 2, 3)), Finished(), config=config)
