"""`python -m lab train` and `resume`: a run is trained by this process and shown from the store; a signal stops it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli_arguments import (
    AveragingOption,
    BiasOption,
    DeslantOption,
    DeviceOption,
    EpochsOption,
    ImagesOption,
    JsonOption,
    MeasureOption,
    PlainOption,
    PrecisionOption,
    QuickOption,
    RunArgument,
    SecondReadingOption,
    SeedOption,
    SmoothingOption,
    StepOption,
    check_device,
    preset,
)
from lab.cli_output import console, ending, show_progress
from lab.cli_rows import json_text
from lab.config import RunConfig
from lab.process import GIVE_UP_SECONDS, INTERRUPTED, PATIENCE_SECONDS, after, leave, on_ending_signal
from lab.quick import quick
from lab.store import Store, StoreError, open_store, worker_name

if TYPE_CHECKING:
    from lab.jobs import Worker

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.05
STOP_SECONDS = 1.0
"""How long a run that is told to stop may take to say so, before its worker is ended and it is interrupted instead."""


def train(
    step: StepOption,
    quickly: QuickOption = False,
    epochs: EpochsOption = None,
    seed: SeedOption = RunConfig.seed,
    device: DeviceOption = RunConfig.device,
    precision: PrecisionOption = RunConfig.precision,
    plain: PlainOption = False,
    validation: Annotated[
        bool, typer.Option("--validation", help="Hold out 10,000 training images and evaluate on them.")
    ] = False,
    images: ImagesOption = None,
    measure: MeasureOption = None,
    bias: BiasOption = None,
    second_reading: SecondReadingOption = None,
    deslant: DeslantOption = None,
    label_smoothing: SmoothingOption = None,
    weight_averaging: AveragingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a step. You can watch the run in the app. Ctrl-C stops it and keeps the finished epochs."""
    config = preset(step).config
    if quickly:
        config = quick(config)
    given = {
        "epochs": epochs,
        "training_images": images,
        "measure_training": measure,
        "label_smoothing": label_smoothing,
        "weight_averaging": weight_averaging,
    }
    network = {"bias": bias, "second_reading": second_reading, "deslant": deslant}
    config = replace(
        config,
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
        seed=seed,
        device=device,  # type: ignore[arg-type]  # checked by RunConfig
        precision=precision,  # type: ignore[arg-type]
        engine="pytorch" if plain else "fastest",
        evaluate_on="validation" if validation else "test",
        network=replace(config.network, **{name: value for name, value in network.items() if value is not None}),  # type: ignore[arg-type]
    )
    check_device(config)
    store = open_store()
    raise typer.Exit(_train_here(store, lambda: store.submit(config, owner=worker_name()), config, as_json))


def resume(run: RunArgument, as_json: JsonOption = False) -> None:
    """Continue an unfinished run after its last finished epoch."""
    store = open_store()
    config = store.run(run).config
    check_device(config)

    def queue() -> int:
        store.requeue(run, owner=worker_name())
        return run

    raise typer.Exit(_train_here(store, queue, config, as_json))


def _train_here(store: Store, queue: Callable[[], int], config: RunConfig, as_json: bool) -> int:
    """Queue a run, have a worker of this process take it (unless the app is quicker), and show it; the exit code.

    Ctrl-C or SIGTERM stops the run and lets it say so, whether it waits or trains.
    """
    from lab.device import resolve_device
    from lab.jobs import Worker

    device, signals = resolve_device(config.device), _Signals()
    with on_ending_signal(signals.came):
        run_id = queue()
        worker = Worker(store, device, only=run_id)
        with _stopped_by(signals, store, worker, run_id):
            events = store.follow(run_id)
            worker.start()
            if as_json:
                for kept in events:
                    print(json_text({"run": run_id} | kept.row()), flush=True)
            else:
                show_progress(events, run_id, config)
    run = store.run(run_id)
    if not as_json:
        console.print(ending(run))
    if signals.have_come:
        leave(INTERRUPTED if run.status == "interrupted" else 0)  # Python's own ending may take seconds with torch
    return 0 if run.status in ("finished", "stopped") else 1


@dataclass
class _Signals:
    """Whether the process was told to end, and whether what it shows has ended."""

    have_come: bool = False
    """Not a lock's business: a signal is handled between any two lines, those of the lock included."""
    over: threading.Event = field(default_factory=threading.Event)

    def came(self) -> None:
        self.have_come = True


@contextmanager
def _stopped_by(signals: _Signals, store: Store, worker: Worker, run_id: int) -> Iterator[None]:
    """Inside, a signal stops the run; however the inside ends, the worker's thread has ended before it goes on."""

    def stop() -> None:
        while not signals.have_come:
            if signals.over.wait(LOOK_SECONDS):
                return
        after(GIVE_UP_SECONDS, worker.end, 0.0)
        after(PATIENCE_SECONDS, leave, INTERRUPTED)
        try:
            store.send(run_id, "stop")
        except StoreError as error:
            log.warning("%s", error)
        if not signals.over.wait(STOP_SECONDS):
            worker.tell_to_end()

    thread = threading.Thread(target=stop, name="lab-stop", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signals.over.set()
        thread.join()
        if not worker.end(PATIENCE_SECONDS):
            leave(INTERRUPTED if signals.have_come else 1)
