"""A run's name: its step and what differs from it, `Step 3, learning rate 10, seed 1`."""

from __future__ import annotations

from collections.abc import Iterator

from lab.config import TRAINING_IMAGES, RunConfig
from lab.describe import count, describe_augmentation, describe_schedule, field_words
from lab.quick import is_quick
from lab.steps import STEPS, Step, matching_step

MOST_NAMED = 3
"""Differences that a name tells; more make it a recipe of one's own."""


def describe_run(config: RunConfig) -> str:
    """A name for a run: its step, or the nearest one and what differs from it; then what is unusual about the run."""
    preset = matching_step(config)
    parts = [f"Step {preset.number}, {preset.name[0].lower()}{preset.name[1:]}"] if preset else _own(config)
    if is_quick(config):
        parts.append("quick")
    else:
        if config.epochs != RunConfig.epochs:
            parts.append(count(config.epochs, "epoch"))
        if config.training_images < TRAINING_IMAGES:
            parts.append(count(config.training_images, "image"))
    if config.evaluate_on == "validation":
        parts.append("validation")
    if config.precision != RunConfig.precision:
        parts.append(config.precision)
    if config.engine != RunConfig.engine:
        parts.append(field_words(RunConfig, "engine", config.engine))
    return ", ".join([*parts, f"seed {config.seed}"])


def _own(config: RunConfig) -> list[str]:
    """The nearest step of the same layers and what differs from it; where that is much, just what it is."""
    alike = [preset for preset in STEPS if preset.config.network.layers == config.network.layers]
    if not alike:
        return ["Own network"]
    told = {preset.number: list(_differences(preset, config)) for preset in alike}
    number = min(told, key=lambda number: (len(told[number]), -number))
    return [f"Step {number}", *told[number]] if len(told[number]) <= MOST_NAMED else ["Own settings"]


def _differences(preset: Step, config: RunConfig) -> Iterator[str]:
    """What of the recipe is not the step's, each in a few words."""
    base, network, optimizer = preset.config, config.network, config.optimizer
    if network.batch_norm != base.network.batch_norm:
        yield "batch norm" if network.batch_norm else "no batch norm"
    if network.dropout != base.network.dropout:
        yield f"dropout {network.dropout:g}" if network.dropout else "no dropout"
    if network.bias != base.network.bias:
        yield f"biases {field_words(type(network), 'bias', network.bias)}"
    if network.second_reading != base.network.second_reading:
        yield "second reading" if network.second_reading else "no second reading"
    if network.deslant != base.network.deslant:
        yield "deslanted" if network.deslant else "not deslanted"
    if config.augmentation != base.augmentation:
        yield describe_augmentation(config.augmentation) if config.augmentation.active else "no augmentation"
    if optimizer.kind != base.optimizer.kind:
        yield field_words(type(optimizer), "kind", optimizer.kind)
    for name in ("learning_rate", "momentum", "weight_decay"):
        value = getattr(optimizer, name)
        if value != getattr(base.optimizer, name):
            yield f"{name.replace('_', ' ')} {value:g}"
    if config.schedule != base.schedule:
        yield (
            f"learning rate {describe_schedule(config.schedule)}" if config.schedule.kind != "none" else "no scheduler"
        )
    if config.batch_size != base.batch_size and not is_quick(config):
        yield f"batch size {config.batch_size}"
    for name in ("label_smoothing", "weight_averaging"):
        value = getattr(config, name)
        if value != getattr(base, name):
            yield f"{name.replace('_', ' ')} {value:g}" if value else f"no {name.replace('_', ' ')}"
