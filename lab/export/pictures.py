"""The lab's charts as SVG or PNG, drawn by Matplotlib from the same figures that the browser gets."""

from __future__ import annotations

import html
import io
import re
import warnings
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, get_args

from lab.figures import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

Format = Literal["svg", "png"]
KINDS: tuple[Format, ...] = get_args(Format)

WIDTH, DOTS = 720, 100
"""Pixels wide; pixels an inch, as Plotly counts them."""
SHARP = 2
"""A PNG has so many pixels for one of the page's, to stay sharp in print."""
WIDEST, LINE = 90, 16
"""Characters of a legend that has one column; pixels that a line of it is high."""
DASHES: dict[str, Any] = {
    "solid": "-",
    "dot": ":",
    "dash": "--",
    "dashdot": "-.",
    "longdash": (0, (8, 3)),
    "longdashdot": (0, (8, 3, 1, 3)),
}
MARKERS = {"diamond": "D"}
_SETTINGS: Any = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "lab",  # the same figure gives the same file
    "text.parse_math": False,  # what stands between dollar signs is no formula
    "font.size": 9,
    "axes.edgecolor": "#8A929A",
}
_ONE_AT_A_TIME = Lock()
"""Matplotlib's settings are those of the whole process."""


def picture(figure: Figure, kind: Format) -> bytes:
    """A figure of curves as a file, on a white ground."""
    import matplotlib as mpl  # here: half a second that only who takes a chart along waits for
    from matplotlib.figure import Figure as Canvas

    layout = figure["layout"]
    with _ONE_AT_A_TIME, mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # a name in letters that the font lacks: boxes
        columns, rows = _legend_size(figure)
        height = layout["height"] + LINE * max(0, rows - 3)  # a long legend takes nothing from the curves
        canvas = Canvas((WIDTH / DOTS, height / DOTS), dpi=DOTS, layout="constrained")
        axes = canvas.subplots()
        for trace in figure["data"]:
            _trace(axes, trace)
        _axes(axes, layout)
        _notes(axes, layout)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, borderaxespad=0.2)
        file = io.BytesIO()
        canvas.savefig(file, format=kind, dpi=DOTS * SHARP, metadata={"Date": None} if kind == "svg" else None)
    return file.getvalue()


def _label(trace: dict[str, Any]) -> str:
    """What the legend calls a curve, if it is in it: as much of its name as the picture is wide."""
    words = _writable(trace["name"]) if trace.get("showlegend", True) and trace["y"] else ""
    return words if len(words) <= WIDEST else f"{words[: WIDEST - 1]}…"


def _writable(words: str) -> str:
    """As they were typed, but for the two characters that no XML may have, and with them no SVG."""
    return re.sub("[\ufffe\uffff]", "\ufffd", html.unescape(words))


def _legend_size(figure: Figure) -> tuple[int, int]:
    """How many columns and lines it has: two columns where every name fits half of the picture."""
    names = [name for trace in figure["data"] if (name := _label(trace))]
    columns = 2 if all(len(name) <= WIDEST // 2 for name in names) else 1
    return columns, -(-len(names) // columns)


def _trace(axes: Axes, trace: dict[str, Any]) -> None:
    """One curve, or the area of a band."""
    y = [float("nan") if value is None else value for value in trace["y"]]
    label = _label(trace) or "_hidden"
    if trace.get("fill"):
        axes.fill(trace["x"], y, color=trace["fillcolor"], alpha=trace.get("opacity", 1), linewidth=0, label=label)
        return
    line, marker = trace["line"], trace.get("marker", {})
    axes.plot(
        trace["x"],
        y,
        color=line["color"],
        linewidth=0.75 * line["width"],  # a pixel is three quarters of a point
        linestyle=DASHES[line.get("dash", "solid")],
        alpha=trace.get("opacity", 1),
        marker=MARKERS.get(marker.get("symbol", ""), "o") if marker else "",
        markersize=0.6 * marker.get("size", 0),
        label=label,
    )


def _axes(axes: Axes, layout: dict[str, Any]) -> None:
    from matplotlib.ticker import MaxNLocator

    for which in ("x", "y"):
        told = layout[f"{which}axis"]
        if told.get("type") == "log":
            axes.set(**{f"{which}scale": "log"})
            _label_plainly(getattr(axes, f"{which}axis"))
        if "range" in told:
            limits = [10**value for value in told["range"]] if told.get("type") == "log" else told["range"]
            axes.set(**{f"{which}lim": limits})
        axes.set(**{f"{which}label": told.get("title", {}).get("text", "")})
        if "tickvals" in told:
            getattr(axes, f"set_{which}ticks")(told["tickvals"], [f"{tick:g}" for tick in told["tickvals"]])
            axes.minorticks_off()
    axes.xaxis.set_major_locator(MaxNLocator(layout["xaxis"].get("nticks", 15), integer=True))  # whole epochs
    axes.grid(color="#D9DFE5", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _label_plainly(axis: Axis) -> None:
    """The ticks of a logarithmic axis that Matplotlib labels, without the formulas that it would write."""
    from matplotlib.ticker import LogFormatter

    class Plain(LogFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    axis.set_major_formatter(Plain())
    axis.set_minor_formatter(Plain())


def _notes(axes: Axes, layout: dict[str, Any]) -> None:
    """Lines across the chart, and the labels at the ends of curves."""
    for shape in layout.get("shapes", ()):
        axes.axhline(shape["y0"], color=shape["line"]["color"], linewidth=0.75 * shape["line"]["width"])
    is_log = layout["yaxis"].get("type") == "log"
    for note in layout.get("annotations", ()):
        height = 10 ** note["y"] if is_log else note["y"]
        axes.annotate(
            _writable(note["text"]),
            (note["x"], height),
            xytext=(0.75 * note["xshift"], 0.75 * note["yshift"]),
            textcoords="offset points",
            color=note["font"].get("color"),
            va="center",
            annotation_clip=False,
        )
