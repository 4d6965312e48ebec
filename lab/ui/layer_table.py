"""The layer table, as plain HTML that takes its colours from the theme."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from lab.layer_row import LayerRow
from lab.layer_words import layer_name, shape_words
from lab.ui.layout import scrolling
from lab.ui.sections import expander

_STYLE = """
<style>
table.plain.layers {font-size: 0.84rem; font-variant-numeric: tabular-nums;}
table.plain.layers th, table.plain.layers td {padding: 0.3rem 0.3rem; text-align: right; white-space: nowrap;}
table.plain.layers th {white-space: normal; vertical-align: bottom;}
table.plain.layers .word {text-align: left;}
table.plain.layers tfoot td {border-top: 2px solid rgba(128, 138, 148, 0.6); border-bottom: none; font-weight: 600;}
.heads {display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 0.8rem; margin: 0;}
.heads :is(dt, dd) {font-size: 0.88rem; margin: 0;}
.heads dt {font-weight: 600;}
</style>
"""

_HEADS = (
    ("No.", "The layer's number"),
    ("layer", "What the layer does"),
    ("kernel", "Side of the square window, in pixels of the input map"),
    ("stride", "How far the window moves each time"),
    ("pad", "Padding: rows and columns of zeros added on each side of the map"),
    ("input", "Channels × height × width of what the layer gets"),
    ("output", "Channels × height × width of what the layer makes"),
    ("parameters", "Weights, biases, and batch norm's scale and shift"),
    ("MACs", "Multiply-accumulates of the convolution or linear layer for one image"),
    ("stride product", "All strides up to here, multiplied (also called jump): neighbouring units look at squares of "
     "the image that are this many pixels apart"),
    ("sees (pixels)", "Receptive field: one unit depends on a square of the image with this side; in brackets the "
     "part that fits into the image"),
)  # fmt: skip
_WORDS = ("layer",)


def show_layer_table(rows: Sequence[LayerRow]) -> None:
    """One line a layer, and the totals below."""
    st.html(_STYLE + scrolling("wide", "The layers' table", table_html(rows)))
    with expander("layer-columns", "What the columns mean", type="compact"):  # a title shows to a mouse only
        st.html(heads_html())


def heads_html() -> str:
    """What each column says."""
    words = "".join(f"<dt>{name}</dt><dd>{escape(hint)}.</dd>" for name, hint in _HEADS)
    return f"<dl class='heads'>{words}</dl>"


def table_html(rows: Sequence[LayerRow]) -> str:
    """The table as HTML; the last line has the totals of parameters and multiply-accumulates."""
    heads = "".join(f"<th{_side(name)} title='{escape(hint, True)}'>{name}</th>" for name, hint in _HEADS)
    body = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in rows)
    parameters, macs = sum(row.parameters for row in rows), sum(row.macs for row in rows)
    totals = f"<td>{parameters:,}</td><td>{macs:,}</td><td colspan='2'></td>"
    return (
        f"<table class='plain layers'><thead><tr>{heads}</tr></thead><tbody>{body}</tbody>"
        f"<tfoot><tr><td></td><td class='word' colspan='6'>total</td>{totals}</tr></tfoot></table>"
    )


def _cells(row: LayerRow) -> list[str]:
    field = f"{row.receptive_field}"
    if row.clipped_receptive_field < row.receptive_field:
        field += f" ({row.clipped_receptive_field})"
    window = (f"{row.kernel}×{row.kernel}", row.stride, row.padding) if row.has_window else ("–", "–", "–")
    values = (
        *window, shape_words(row.input_shape), shape_words(row.output_shape), f"{row.parameters:,}", f"{row.macs:,}",
        row.jump, field,
    )  # fmt: skip
    return [
        f"<td>{row.index}</td>",
        f"<td class='word'>{escape(layer_name(row))}</td>",
        *(f"<td>{value}</td>" for value in values),
    ]


def _side(name: str) -> str:
    return " class='word'" if name in _WORDS else ""
