"""A layer in the field's words."""

from __future__ import annotations

from lab.layer_row import LayerRow, Shape

_SHORT = {"max_pool": "max", "average_pool": "mean", "global_average_pool": "mean"}


def layer_name(row: LayerRow, extras: bool = True) -> str:
    """The layer in full: `conv 5×5 + batch norm + ReLU`, or `conv 5×5` without its extras."""
    kind = row.kind.replace("_", " ")
    name = f"{kind} {row.kernel}×{row.kernel}" if row.has_window else kind
    return " + ".join((name, *(row.extras if extras else ())))


def short_name(row: LayerRow) -> str:
    """Its number and kind, below a small picture: `3. max`."""
    return f"{row.index}. {_SHORT.get(row.kind, row.kind)}"


def shape_words(shape: Shape) -> str:
    """`96×28×28`: channels, height, width."""
    return "×".join(str(side) for side in shape)
