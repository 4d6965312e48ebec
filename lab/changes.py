"""What is changed from one config to another, said in sentences: a line of the layer table says less to most people."""

from __future__ import annotations

from collections.abc import Iterator, Set

from lab.config import RunConfig
from lab.describe import describe_augmentation, differences, every, field_label, field_words
from lab.layers import ImpossibleNetwork, total_macs, total_parameters
from lab.network_config import NetworkConfig
from lab.training_config import Augmentation, Schedule


def changes(before: RunConfig, after: RunConfig) -> list[str]:
    """What is changed, a sentence each; none where the two are the same."""
    changed = {name: (old, new) for name, old, new in differences(before, after)}
    said = list(_network(before.network, after.network, set(changed)))
    told = ["network."]
    if before.augmentation.active or after.augmentation.active:
        told.append("augmentation.")
        if before.augmentation != after.augmentation:
            said.append(_augmentation(before.augmentation, after.augmentation))
    if before.schedule.kind != "none" or after.schedule.kind != "none":
        told.append("schedule.")
        if before.schedule != after.schedule:
            said.append(_schedule(after.schedule))
    if "weight_averaging" in changed and not before.weight_averaging:
        told.append("weight_averaging")
        said.append(f"A running average of the weights is tested and kept ({after.weight_averaging:g}).")
    return said + [
        f"{field_label(name)}: {new} instead of {old}."
        for name, (old, new) in changed.items()
        if not name.startswith(tuple(told))
    ]


def _network(before: NetworkConfig, after: NetworkConfig, names: Set[str]) -> Iterator[str]:
    if "network.layers" in names:
        yield f"New layers{_sizes(before, after)}."
    if "network.batch_norm" in names:
        yield _batch_norm(before, after) if after.batch_norm else "Batch norm is removed."
    if "network.dropout" in names:
        yield _dropout(before.dropout, after.dropout)
    if "network.bias" in names:
        yield _BIASES[after.bias]
    if "network.second_reading" in names:
        yield _SECOND_READING if after.second_reading else "Each image is read once."
    if "network.deslant" in names:
        yield _DESLANT if after.deslant else "Images are no longer deslanted."


_BIASES = {
    "all": "Every layer has a bias.",
    "needed": "Layers have a bias only where no batch norm follows.",
    "none": "No layer has a bias.",
}


_SECOND_READING = (
    "Each image is read twice, as it is and moved by one pixel to the left, and the scores are averaged: an answer "
    "takes twice the work."
)
_DESLANT = "Every image is deslanted first: its rows are shifted so that the digit stands upright."


def _sizes(before: NetworkConfig, after: NetworkConfig) -> str:
    try:
        parameters, macs = ([size(one) for one in (before, after)] for size in (total_parameters, total_macs))
    except ImpossibleNetwork:
        return ""
    return (
        f": {parameters[1]:,} parameters instead of {parameters[0]:,}, and {macs[1] / 1e6:.1f} million multiplications "
        f"per image instead of {macs[0] / 1e6:.1f}"
    )


def _batch_norm(before: NetworkConfig, after: NetworkConfig) -> str:
    sentence = "Batch norm follows every convolution except the one that makes the class scores"
    if before.layers != after.layers:
        return f"{sentence}."
    try:
        return f"{sentence}: {total_parameters(after) - total_parameters(before):,} more parameters."
    except ImpossibleNetwork:
        return f"{sentence}."


def _dropout(before: float, after: float) -> str:
    if not after:
        return "Dropout is removed."
    earlier = f", instead of {100 * before:g} %" if before else ""
    return f"Dropout: during training, {100 * after:g} % of the values after every pooling are set to zero{earlier}."


def _augmentation(before: Augmentation, after: Augmentation) -> str:
    if not after.active:
        return "The training images are no longer changed."
    how = _how(after)
    if not before.active:
        return f"Every training image is changed a little, in a new way in every epoch: {how}."
    return f"The training images are changed in another way: {how} instead of {_how(before)}."


def _how(augmentation: Augmentation) -> str:
    if not augmentation.active:
        return "not at all"
    between = field_words(Augmentation, "interpolation", augmentation.interpolation)
    return f"{describe_augmentation(augmentation)} (interpolation: {between})"


def _schedule(after: Schedule) -> str:
    match after.kind:
        case "step":
            return f"The learning rate is multiplied by {after.gamma:g} {every(after.step_size)}."
        case "cosine":
            return "The learning rate falls along half a cosine wave, to almost zero at the end."
        case "one_cycle":
            rising = f"{100 * after.warmup:g} % of the run"
            return f"The learning rate rises for the first {rising}, then falls to almost zero (one cycle)."
    return "The learning rate stays the same for the whole run."
