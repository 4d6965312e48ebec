"""The sum that made a value, as a page shows it: window times kernel, then a line for each part, added up."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.figures import signed_colours
from lab.ui.choice import choice
from lab.ui.layout import scrolling
from lab.ui.sections import expander

if TYPE_CHECKING:
    from lab.probe import LayerMaps, Sum, Term

TERM = "sum_term"
BIAS = -1
"""Stands for the bias where there are input maps by their numbers."""
STRONGEST = -1
"""Stands for the input map that adds most."""
LINES = 6
"""Input maps that have a line of their own; the rest are told together."""
WIDEST = 7
"""Side of a kernel whose numbers can be read side by side; those of a wider one are opened."""
NUMBERS = "The numbers behind these colours"
NORMALISED = (
    "Normalised: the pixels are shifted and scaled so that over all training images their mean is 0 and their standard "
    "deviation is 1. Black becomes −0.424."
)

_STYLE = """
<style>
.sum, .sum > div {display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 0.7rem;
    font-variant-numeric: tabular-nums;}
.sum > div {flex-wrap: nowrap;}  /* a sign goes to the next line with what it stands before */
.sum figure {margin: 0;}
.sum figcaption {font-size: 0.85rem; margin-bottom: 0.15rem;}
.sum.numbers {overflow: auto; max-height: 30rem;}
.sum.numbers td {min-width: 2.7rem;}
.sum .sign {font-size: 1.3rem;}
.sum table {border-spacing: 1px; border-collapse: separate;}
.sum td {font-size: 0.68rem; padding: 0; width: 2.7rem; height: 1.5rem; text-align: center; border-radius: 2px;}
table.ledger {border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums;}
table.ledger td {padding: 0.2rem 1.2rem 0.2rem 0; border-bottom: 1px solid rgba(128, 138, 148, 0.25);}
table.ledger td.number {text-align: right; white-space: nowrap; padding-right: 0.4rem;}
table.ledger tr.total td {font-weight: 650; border-bottom: none; border-top: 2px solid rgba(128, 138, 148, 0.6);}
</style>
"""


def show_sum(layer: LayerMaps, place: tuple[int, int, int]) -> None:
    """The window and the kernel of one input map, and how all input maps and what follows make the value."""
    from lab.probe import number, sum_of

    found = sum_of(layer, place)
    channel, row, column = place
    where = f"map {channel}, row {row}, column {column} of layer {layer.row.index}"
    shares = shown_shares(found)
    words, chosen = st.columns([1.35, 1], gap="medium", vertical_alignment="bottom")
    words.markdown(f"**{number(found.value)}**: {where}, and its sum")
    with chosen:
        term = found.terms[0] if len(found.terms) == 1 else _choose_term(found)
    is_narrow = len(term.window) <= WIDEST
    st.html(f"{_STYLE}<div class='sum'>{window_html(layer, term, shares[term.channel], is_told=is_narrow)}</div>")
    if not is_narrow:
        with expander("sum-numbers", NUMBERS, type="compact"):
            st.html(scrolling("sum numbers", NUMBERS, window_html(layer, term, shares[term.channel], is_told=True)))
    st.html(f"<table class='ledger' aria-label='The sum'>{ledger_html(layer, found, shares)}</table>")
    if layer.row.index == 1:
        st.caption(NORMALISED)


def shown_shares(found: Sum) -> dict[int, float]:
    """What each input map, by its number, and the bias add, as it is shown: together exactly what is shown of it."""
    from lab.probe import adding_up

    shares = {term.channel: term.total for term in found.terms}
    if found.bias is not None:
        shares[BIAS] = found.bias
    shown = adding_up(np.array(list(shares.values())), found.added)
    return dict(zip(shares, shown.tolist(), strict=True))


def _choose_term(found: Sum) -> Term:
    """The input map whose window and kernel are shown."""
    strongest = found.strongest_term()
    terms = {term.channel: term for term in found.terms}
    chosen = choice(
        TERM,
        [STRONGEST, *terms],
        STRONGEST,
        label="Window and kernel",
        format_func=lambda channel: "of the input map that adds most" if channel == STRONGEST else f"of map {channel}",
        help="The map of the previous layer that is shown, number by number.",
    )
    return terms.get(chosen, strongest)


def window_html(layer: LayerMaps, term: Term, share: float, is_told: bool) -> str:
    """Window × kernel = products, square by square, told in numbers or in colours only; of pooling the window."""
    from lab.probe import adding_up, number

    what = "the normalised image" if layer.row.index == 1 else f"map {term.channel} of layer {layer.row.index - 1}"
    if term.weights is None:
        return _grid(f"Window of {what}", term.window, is_told)
    products = adding_up(term.products, share)
    return (
        f"{_grid(f'Window of {what}', term.window, is_told)}"
        f"<div><span class='sign'>×</span>{_grid('Kernel', term.weights, is_told)}</div>"
        f"<div><span class='sign'>=</span>{_grid(f'Products, sum {number(share)}', products, is_told)}</div>"
    )


def _grid(caption: str, values: NDArray[np.float64], is_told: bool) -> str:
    """Squares in their colours; whether each tells its number."""
    from lab.probe import number

    colours = signed_colours(values, float(np.nanmax(np.abs(values), initial=0)))
    size = "" if is_told else ";width:8px;height:8px"
    rows = []
    for line, line_colours in zip(values.tolist(), colours.tolist(), strict=True):
        cells = []
        for value, (red, green, blue) in zip(line, line_colours, strict=True):
            ink = "#000" if 0.3 * red + 0.59 * green + 0.11 * blue > 110 else "#FFF"
            text = ("–" if value != value else number(value)) if is_told else ""
            cells.append(f"<td style='background:rgb({red},{green},{blue});color:{ink}{size}'>{text}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<figure><figcaption>{escape(caption)}</figcaption><table>{''.join(rows)}</table></figure>"


def ledger_html(layer: LayerMaps, found: Sum, shares: dict[int, float]) -> str:
    """A line for each part; what is shown above a total adds up to it."""
    from lab.probe import number

    lines = []
    if found.terms[0].weights is not None:
        lines += [(words, value, "") for words, value in _share_lines(layer, shares)]
    if layer.row.kind != "max_pool":
        lines.append((_together(found), sum(shares.values()), "total"))
    for step in found.steps:
        lines.append((f"{step.name}: {step.arithmetic}", step.value, "total" if step is found.steps[-1] else ""))
    return "".join(
        f"<tr class='{kind}'><td>{escape(words)}</td><td class='number'>{number(value)}</td></tr>"
        for words, value, kind in lines
    )


def _together(found: Sum) -> str:
    return "sum" if found.terms[0].weights is not None else f"sum of the {found.terms[0].window.size} values"


def _share_lines(layer: LayerMaps, shares: dict[int, float]) -> list[tuple[str, float]]:
    """The input maps that add most, in their order, all others together, and the bias."""
    what = "the image" if layer.row.index == 1 else "map {}"
    ranked = sorted((channel for channel in shares if channel != BIAS), key=lambda channel: -abs(shares[channel]))
    named, rest = sorted(ranked[:LINES]), ranked[LINES:]
    its = "its weight" if layer.row.kind == "linear" else "its kernel"
    lines = [(f"{what.format(channel)} × {its}", shares[channel]) for channel in named]
    if rest:
        theirs = its.replace("its", "their") + "s"
        others = f"the other {len(rest)} maps × {theirs}" if len(rest) > 1 else f"the other map × {its}"
        lines.append((others, sum(shares[channel] for channel in rest)))
    return lines + ([("bias", shares[BIAS])] if BIAS in shares else [])
