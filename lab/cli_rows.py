"""What the command line prints for machines: plain rows, printed as JSON with `--json`."""

from __future__ import annotations

import json
import math
from typing import Any

from lab.config import RunConfig, to_json
from lab.layer_row import LayerRow
from lab.seeds import Pool, published_final

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


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON, which has neither NaN nor infinity: null stands for them."""
    return json.dumps(_finite(value), indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    match value:
        case dict():
            return {name: _finite(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_finite(inner) for inner in value]
        case float():
            return value if math.isfinite(value) else None
    return value


def plain(config: RunConfig) -> Any:
    """The config as JSON values."""
    return json.loads(to_json(config))


def pool_row(pool: Pool) -> dict[str, Any]:
    """The complete runs of a step on equal terms as one plain row; accuracies in percent, seed by seed."""
    return {
        "step": pool.terms.step,
        "computed": pool.terms.computed,
        "seeds": pool.seeds,
        "runs": [run.run for run in pool.runs],
        "published_final": published_final(pool.terms.step),
        "finals": pool.finals,
        "final_mean": pool.final_mean,
        "final_spread": pool.final_spread,
        "held_target": pool.held_target,
    }


def layer_row(row: LayerRow) -> dict[str, Any]:
    """A layer as one plain row."""
    return {key: getattr(row, key) for key in LAYER_KEYS}
