"""What of a run can be taken along, file by file."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lab.analysis import RunSummary, summarize
from lab.curves import accuracy_figure, learning_rate_figure, loss_figure
from lab.export.pictures import KINDS, Format, picture
from lab.export.tables import epochs_csv, windows_csv
from lab.figures import Figure
from lab.published import published_epochs
from lab.schedule import rates_of_run
from lab.store import Run, Store, StoreError, StoreUnavailable
from lab.timeline import Timeline


@dataclass(frozen=True)
class _Told:
    """A run as it is read once for its files."""

    store: Store
    run: Run
    timeline: Timeline

    @property
    def summary(self) -> RunSummary:
        return summarize(self.run, self.timeline.epochs)


def _run_json(told: _Told) -> bytes:
    facts = told.summary.row() | {"uuid": told.run.uuid, "config": asdict(told.run.config)}
    return (json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _figures(told: _Told) -> Mapping[str, Callable[[], Figure]]:
    config, timeline = told.run.config, told.timeline
    published = published_epochs(told.run.step) if told.run.step else ()
    return {
        "loss": lambda: loss_figure(timeline, config, published),
        "accuracy": lambda: accuracy_figure(timeline, config, published),
        "learning-rate": lambda: learning_rate_figure(
            rates_of_run(config, timeline, told.run.parent_epoch), config.epochs, timeline.reached
        ),
    }


def _chart(name: str, kind: Format) -> Callable[[_Told], bytes]:
    return lambda told: picture(_figures(told)[name](), kind)


def _weights(told: _Told) -> bytes:
    if told.timeline.epochs and not told.store.checkpoint_epochs(told.run.id):
        raise StoreError(f"The weights of run {told.run.id} are no longer in the database.")
    return told.store.checkpoint(told.run.id).weights


FILES: Mapping[str, Callable[[Any], bytes]] = {
    "run.json": _run_json,
    "epochs.csv": lambda told: epochs_csv(told.timeline.epochs).encode(),
    "windows.csv": lambda told: windows_csv(told.timeline.windows).encode(),
    "weights.safetensors": _weights,
    **{f"{name}.{kind}": _chart(name, kind) for kind in KINDS for name in ("loss", "accuracy", "learning-rate")},
}
"""How each file is made. The weights are those after the last finished epoch."""
NO_WEIGHTS = "no-weights.txt"


def run_file(store: Store, run: int, name: str) -> bytes:
    """One of `FILES`.

    Raises:
        StoreError: there is no such run, or it has no weights yet.
    """
    return FILES[name](_read(store, run))


def run_files(store: Store, run: int) -> dict[str, bytes]:
    """All `FILES`; a run without a finished epoch has no weights among them.

    Where they are missing or damaged, `NO_WEIGHTS` says so in their place, and all other files are there.

    Raises:
        StoreError: there is no such run, or the database does not answer.
    """
    told = _read(store, run)
    names = (name for name in FILES if told.timeline.epochs or FILES[name] is not _weights)
    return dict(_made(name, told) for name in names)


def _made(name: str, told: _Told) -> tuple[str, bytes]:
    try:
        return name, FILES[name](told)
    except StoreUnavailable:
        raise
    except StoreError as error:
        return NO_WEIGHTS, f"{error}\n".encode()


def _read(store: Store, run: int) -> _Told:
    found = store.run(run)
    return _Told(store, found, Timeline.of(one.event for one in store.events_after(run, 0)))


def archive(store: Store, run: int) -> bytes:
    """All of `run_files` in a ZIP file.

    Raises:
        StoreError: there is no such run.
    """
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in run_files(store, run).items():
            file.writestr(f"run-{run}/{name}", content)
    return written.getvalue()


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made where there is none. Those of an earlier time stay as they are until
    all of these are written: a disk that is full costs none of them.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = {name: folder / f"{name}.unfinished" for name in files}
    try:
        for name, content in files.items():
            unfinished[name].write_bytes(content)
        for name in files:
            os.replace(unfinished[name], folder / name)
    finally:
        for left in unfinished.values():
            with suppress(OSError):
                left.unlink()
