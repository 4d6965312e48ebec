"""A config in the address of a page, and back: the nearest step, and what differs from it.

    step=3&seed=2&optimizer.learning_rate=0.05&network.layers=c8k3p1-m2s2-c10k3

So a draft outlives a reload, and a link carries it. Layers stand in a short form: c is a convolution with its channels,
k its kernel, m max pooling, a average pooling, l the linear layer; p is padding, s the stride where it is not 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab.config import ConfigError, RunConfig
from lab.describe import PARTS
from lab.fields import Choice, Field, Number, Switch, about, leaves, number_text, shown
from lab.network_config import LayerKind, LayerSpec
from lab.network_config import linear as linear_layer
from lab.steps import STEPS

STEP, LAYERS = "step", "network.layers"
STEP_AT_FIRST = 3
"""What an address without a step is about, and what the pages begin with. Not the first: that is the slowest by far."""
LONGEST = 2_000
"""Characters of a value that are read."""
LONGEST_NUMBER = 40
_LETTERS: Mapping[LayerKind, str] = {"conv": "c", "max_pool": "m", "average_pool": "a", "linear": "l"}
_KINDS: Mapping[str, LayerKind] = {letter: kind for kind, letter in _LETTERS.items()}
_LAYER = re.compile(
    r"(?:c(?P<channels>\d{1,4})k|(?P<pool>[ma]))(?P<kernel>\d{1,2})"
    r"(?:p(?P<padding>\d{1,2}))?(?:s(?P<stride>\d{1,2}))?",
    re.ASCII,
)


def to_address(config: RunConfig) -> dict[str, str]:
    """The query that stands for a config; `from_address` gives an equal one back."""
    told = _flat(config)
    candidates = [(preset.number, _flat(preset.config)) for preset in STEPS]
    number, base = min(candidates, key=lambda one: sum(told[name] != one[1][name] for name in told))
    return {STEP: str(number)} | {name: text for name, text in told.items() if text != base[name]}


def from_address(query: Mapping[str, str]) -> RunConfig | None:
    """The config that a query stands for; None where it names none. What it does not know it leaves alone.

    Raises:
        ConfigError: it names one that no run can have.
    """
    known = _flat(STEPS[0].config)
    told = {name: text for name, text in query.items() if name in known}
    if STEP not in query and not told:
        return None
    config = _step(query.get(STEP, str(STEP_AT_FIRST)))
    for name, text in told.items():
        part, _, inner = name.rpartition(".")
        stated = about(PARTS[part]).get(inner)
        if len(text) > LONGEST:
            raise ConfigError(f"{'Layers' if stated is None else stated.label} in the address is too long.")
        value = _layers(text) if stated is None else _value(stated, text)
        config = replace(config, **{part: replace(getattr(config, part), **{inner: value})} if part else {inner: value})
    return config


def _step(text: str) -> RunConfig:
    found = next((preset for preset in STEPS if str(preset.number) == text), None)
    if found is None:
        raise ConfigError(f"the address names step {shown(text)}; it must be one from 1 to {len(STEPS)}.")
    return found.config


def _flat(config: RunConfig) -> dict[str, str]:
    """Every field by its dotted name, as text."""
    return {
        name: "-".join(map(_layer_text, value)) if name == LAYERS else _text(value) for name, _, value in leaves(config)
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    written = number_text(value)
    return written if len(written) <= LONGEST_NUMBER else repr(value)  # 1e-125 in full would not be read


def _value(stated: Field, text: str) -> Any:
    """What the text stands for; a sentence about it has the label that people know the field by."""
    match stated:
        case Switch():
            if text not in ("yes", "no"):
                raise ConfigError(f"{stated.label} in the address is {shown(text)}; it must be yes or no.")
            return text == "yes"
        case Choice():
            if problem := stated.problem(stated.label, text):
                raise ConfigError(problem)
            return text
        case Number():
            return stated.parse(stated.label, text)


def _layer_text(layer: LayerSpec) -> str:
    if layer.kind == "linear":
        return _LETTERS["linear"]
    words = f"c{layer.channels}k{layer.kernel}" if layer.kind == "conv" else f"{_LETTERS[layer.kind]}{layer.kernel}"
    words += f"p{layer.padding}" if layer.padding else ""
    return words if layer.stride == 1 else f"{words}s{layer.stride}"


def _layers(text: str) -> tuple[LayerSpec, ...]:
    return tuple(map(_layer, text.split("-")))


def _layer(text: str) -> LayerSpec:
    if text == _LETTERS["linear"]:
        return linear_layer()
    found = _LAYER.fullmatch(text)
    if found is None:
        raise ConfigError(f"the address names a layer {shown(text)}; a layer looks like c16k3p1 or m2s2.")
    return LayerSpec(
        kind=_KINDS[found["pool"] or "c"],
        kernel=int(found["kernel"]),
        stride=int(found["stride"] or 1),
        padding=int(found["padding"] or 0),
        channels=int(found["channels"]) if found["channels"] else None,
    )


ADDRESSED = frozenset({STEP, *_flat(STEPS[0].config)})
"""The names by which an address can speak of a config."""
