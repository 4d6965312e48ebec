"""What the command line prints for machines: plain rows, printed as JSON with `--json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lab import steps
from lab.config import RunConfig, to_json
from lab.describe import describe_augmentation, describe_schedule
from lab.events import Epoch
from lab.layers import LayerRow, total_parameters
from lab.store import Run, Store

LAYER_KEYS = (
    *("index", "kind", "kernel", "stride", "padding", "input_shape", "output_shape"),
    *("parameters", "macs", "jump", "receptive_field"),
)


def plain(config: RunConfig) -> Any:
    """The config as JSON values."""
    return json.loads(to_json(config))


def run_row(run: Run, epochs: list[Epoch]) -> dict[str, Any]:
    """A run as one plain row, accuracies in percent."""
    accuracies = [epoch.test_accuracy for epoch in epochs]
    return {
        "run": run.id,
        "name": run.name,
        "step": run.step,
        "status": run.status,
        "reason": run.reason,
        "seed": run.config.seed,
        "device": run.device,
        "hardware": run.hardware,
        "epochs_done": len(epochs),
        "epochs_planned": run.config.epochs,
        "last_test_accuracy": accuracies[-1] if accuracies else None,
        "best_test_accuracy": max(accuracies, default=None),
        "created": datetime.fromtimestamp(run.created).isoformat(timespec="seconds"),
        "training_seconds": round(sum(epoch.seconds for epoch in epochs), 1),
    }


def layer_row(row: LayerRow) -> dict[str, Any]:
    """A layer as one plain row."""
    return {key: getattr(row, key) for key in LAYER_KEYS}


def step_row(preset: steps.Step) -> dict[str, Any]:
    """A preset as one plain row, published accuracies in percent."""
    config, published = preset.config, steps.published_epochs(preset.number)
    accuracies = [epoch.test_accuracy for epoch in published]
    return {
        "step": preset.number,
        "name": preset.name,
        "parameters": total_parameters(config.network),
        "batch_norm": config.network.batch_norm,
        "dropout": config.network.dropout,
        "augmentation": describe_augmentation(config.augmentation) if config.augmentation.active else None,
        "scheduler": describe_schedule(config.schedule) if config.schedule.kind != "none" else None,
        "published_final_accuracy": accuracies[-1] if accuracies else None,
        "published_best_accuracy": max(accuracies, default=None),
    }


def run_rows(store: Store) -> Iterator[dict[str, Any]]:
    """All runs, newest first, each one plain row."""
    found = store.runs()
    epochs = store.epochs([run.id for run in found])
    for run in found:
        if run.id in epochs:
            yield run_row(run, epochs[run.id])
