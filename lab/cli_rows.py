"""What the command line prints for machines: plain rows, printed as JSON with `--json`."""

from __future__ import annotations

import json
from typing import Any

from lab.config import RunConfig, to_json
from lab.layers import LayerRow

LAYER_KEYS = (
    "index",
    "kind",
    "kernel",
    "stride",
    "padding",
    "input_shape",
    "output_shape",
    "parameters",
    "macs",
    "jump",
    "receptive_field",
)


def plain(config: RunConfig) -> Any:
    """The config as JSON values."""
    return json.loads(to_json(config))


def layer_row(row: LayerRow) -> dict[str, Any]:
    """A layer as one plain row."""
    return {key: getattr(row, key) for key in LAYER_KEYS}
