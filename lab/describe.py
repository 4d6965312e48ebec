"""Configs in words: what a layer, an augmentation, a schedule or a preset is, and where two configs differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.config import SAMPLE_IMAGES, RunConfig
from lab.fields import Choice, Switch, about, leaves, number_text
from lab.layers import total_macs, total_parameters
from lab.network_config import LayerSpec, NetworkConfig
from lab.published import published_epochs
from lab.steps import Step
from lab.training_config import Augmentation, Optimizer, Schedule

PARTS: Mapping[str, type] = {
    "": RunConfig,
    "network": NetworkConfig,
    "augmentation": Augmentation,
    "optimizer": Optimizer,
    "schedule": Schedule,
}
"""The parts of a config, by the first word of the dotted names of their fields."""


def describe_layer(layer: LayerSpec) -> str:
    """A layer in a few words: `conv 5×5, 96 channels, padding 2`."""
    if layer.kind == "linear":
        return f"linear, {layer.channels} channels"
    words = f"{layer.kind.replace('_', ' ')} {layer.kernel}×{layer.kernel}"
    if layer.channels is not None:
        words += f", {layer.channels} channels"
    if layer.padding:
        words += f", padding {layer.padding}"
    return words if layer.stride == 1 else f"{words}, stride {layer.stride}"


def describe_augmentation(augmentation: Augmentation) -> str:
    """`rotation ±7°, shift ±2 px`, or `none`."""
    parts = [
        f"rotation ±{augmentation.rotation:g}°" if augmentation.rotation else "",
        f"shift ±{augmentation.shift:g} px" if augmentation.shift else "",
        f"scale ±{100 * augmentation.scale:g} %" if augmentation.scale else "",
        f"shear ±{augmentation.shear:g}°" if augmentation.shear else "",
        f"stroke thickness ±{augmentation.pen:g} px" if augmentation.pen else "",
    ]
    return ", ".join(part for part in parts if part) or "none"


def describe_schedule(schedule: Schedule) -> str:
    """`× 0.1 every 5 epochs`, `falling along a cosine`, `one cycle, rising for 30 % of the run`, or `none`."""
    match schedule.kind:
        case "step":
            return f"× {schedule.gamma:g} {every(schedule.step_size)}"
        case "cosine":
            return "falling along a cosine"
        case "one_cycle":
            return f"one cycle, rising for {100 * schedule.warmup:g} % of the run"
    return "none"


def describe_optimizer(optimizer: Optimizer) -> str:
    """`SGD, learning rate 0.01, momentum 0.9`."""
    words = f"{'SGD' if optimizer.kind == 'sgd' else 'AdamW'}, learning rate {optimizer.learning_rate:g}"
    if optimizer.kind == "sgd":
        words += f", momentum {optimizer.momentum:g}"
    return f"{words}, weight decay {optimizer.weight_decay:g}" if optimizer.weight_decay else words


def count(number: int, what: str) -> str:
    """`1 epoch`, `15 epochs`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def every(epochs: int) -> str:
    """`every epoch`, `every 5 epochs`."""
    return "every epoch" if epochs == 1 else f"every {count(epochs, 'epoch')}"


def describe_extent(config: RunConfig) -> str:
    """How much is trained: `15 epochs on 60,000 images, seed 1`."""
    held_out = ", evaluated on validation images" if config.evaluate_on == "validation" else ""
    return f"{count(config.epochs, 'epoch')} on {count(config.images_per_epoch, 'image')}, seed {config.seed}{held_out}"


def describe_config(config: RunConfig) -> list[tuple[str, str]]:
    """A whole config in words, a line for each setting."""
    return [
        ("Layers", "; ".join(describe_layer(layer) for layer in config.network.layers)),
        ("Batch norm", "yes" if config.network.batch_norm else "no"),
        ("Biases", field_words(NetworkConfig, "bias", config.network.bias)),
        ("Second reading", "yes" if config.network.second_reading else "no"),
        ("Deslanted", "yes" if config.network.deslant else "no"),
        ("Dropout", f"{config.network.dropout:g}" if config.network.dropout else "none"),
        ("Augmentation", describe_augmentation(config.augmentation)),
        ("Optimiser", describe_optimizer(config.optimizer)),
        ("Scheduler", describe_schedule(config.schedule)),
        ("Batch size", f"{config.batch_size}"),
        ("Label smoothing", f"{config.label_smoothing:g}" if config.label_smoothing else "none"),
        ("Weight averaging", f"{config.weight_averaging:g}" if config.weight_averaging else "none"),
        ("Seed", f"{config.seed}"),
        ("Training images", f"{config.images_per_epoch:,}"),
        ("Evaluated on", "test images" if config.evaluate_on == "test" else "validation images, held out of training"),
        ("Measured on training images", "yes" if config.measure_training else "no"),
        ("Computation", f"{config.precision}, {field_words(RunConfig, 'engine', config.engine)}"),
    ]


def field_label(name: str) -> str:
    """What a page calls a field, by its dotted name: `Batch norm` for `network.batch_norm`."""
    if name == "network.layers":
        return "Layers"
    part, _, inner = name.rpartition(".")
    return about(PARTS[part])[inner].label


def field_words(kind: type, name: str, value: Any) -> str:
    """What a page calls the value of a field of the dataclass `kind`."""
    stated = about(kind)[name]
    match stated:
        case Choice():
            return stated.words.get(value, value)
        case Switch():
            return "yes" if value else "no"
    return number_text(value)


def curve_notes(config: RunConfig) -> list[str]:
    """What of a run's curves is measured otherwise than one would think, a sentence each."""
    notes = []
    if config.measure_training:
        sample, off = min(config.images_per_epoch, SAMPLE_IMAGES), " and ".join(_in_training_only(config))
        notes.append(
            f"**train** is measured during training: {on_in_training(config)}every batch changes the network. "
            f"**train, evaluated** is measured after each epoch on {sample:,} training images"
            f"{f', without {off}' if off else ''}. **{config.evaluate_on}** is measured in the same way, so you can "
            "compare these two. The gap between them shows what the network has learned by heart."
        )
    if config.label_smoothing:
        notes.append(
            "The training loss uses the smoothed labels, so it can never reach 0. The loss on the "
            f"{config.evaluate_on} images uses the plain labels."
        )
    if config.weight_averaging:
        notes.append(
            f"**{config.evaluate_on}** is measured with the averaged weights, **train** with the current weights."
        )
    if config.network.second_reading:
        also = " and **train, evaluated**" if config.measure_training else ""
        notes.append(f"For **{config.evaluate_on}**{also} each image is read twice, for **train** once.")
    return notes


def on_in_training(config: RunConfig) -> str:
    """What changes a figure measured while training, as a sentence begins: `dropout is on, and `, or nothing."""
    names = _in_training_only(config)
    return f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} on, and " if names else ""


def _in_training_only(config: RunConfig) -> list[str]:
    found = {"dropout": config.network.dropout > 0, "augmentation": config.augmentation.active}
    return [name for name, is_on in found.items() if is_on]


@dataclass(frozen=True, kw_only=True)
class StepSummary:
    """A preset in figures and words, beside its published result: accuracies in percent, None where there is none."""

    preset: Step
    parameters: int
    macs: int
    """Multiply-accumulates for one image."""
    augmentation: str | None
    scheduler: str | None
    published_final: float | None
    published_best: float | None

    def row(self) -> dict[str, Any]:
        """As a plain row for JSON."""
        network = self.preset.config.network
        return {
            "step": self.preset.number,
            "name": self.preset.name,
            "parameters": self.parameters,
            "batch_norm": network.batch_norm,
            "dropout": network.dropout,
            "augmentation": self.augmentation,
            "scheduler": self.scheduler,
            "published_final_accuracy": self.published_final,
            "published_best_accuracy": self.published_best,
        }


def summarize_step(preset: Step) -> StepSummary:
    """The summary of a preset."""
    config, published = preset.config, published_epochs(preset.number)
    return StepSummary(
        preset=preset,
        parameters=total_parameters(config.network),
        macs=total_macs(config.network),
        augmentation=describe_augmentation(config.augmentation) if config.augmentation.active else None,
        scheduler=describe_schedule(config.schedule) if config.schedule.kind != "none" else None,
        published_final=published[-1].test_accuracy if published else None,
        published_best=max((epoch.test_accuracy for epoch in published), default=None),
    )


def differences(left: RunConfig, right: RunConfig) -> list[tuple[str, str, str]]:
    """Where two configs differ: (dotted name, value in `left`, value in `right`), values as a page says them."""
    return [
        (name, _words(name, kind, old), _words(name, kind, new))
        for (name, kind, old), (_, _, new) in zip(leaves(left), leaves(right), strict=True)
        if old != new
    ]


def _words(name: str, kind: type, value: Any) -> str:
    """What a page calls the value of the field of this dotted name, in the dataclass `kind`."""
    if name == "network.layers":
        return "; ".join(map(describe_layer, value))
    return field_words(kind, name.rpartition(".")[2], value)
