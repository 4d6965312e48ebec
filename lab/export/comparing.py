"""A comparison to take along: its charts as the page shows them, and its whole table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from lab.analysis import summarize
from lab.comparison import comparison, table
from lab.events import Epoch
from lab.export.pictures import KINDS, Format, picture
from lab.export.tables import rows_csv
from lab.groups import Group, grouped
from lab.overlay import overlay_figure
from lab.overlay_axis import What
from lab.store import Store

Make = Callable[[Sequence[Group], bool], bytes]


def _chart(what: What, kind: Format) -> Make:
    return lambda groups, whole: picture(
        overlay_figure([group for group in groups if group.first.epochs], what, whole), kind
    )


SHEET = "utf-8-sig"
"""With the mark by which Excel knows UTF-8: without it ± would become two other letters there."""
_WHATS: tuple[What, ...] = ("accuracy", "loss")
COMPARISON_FILES: Mapping[str, Make] = {
    "comparison.csv": lambda groups, _: rows_csv(table(groups, comparison(groups))).encode(SHEET),
    **{f"{what}.{kind}": _chart(what, kind) for what in _WHATS for kind in KINDS},
}
"""How each file is made of at least one group."""


def comparison_name(runs: Iterable[int]) -> str:
    """What its files or their folder are called; short for any number of runs."""
    numbers = sorted(runs)
    return "runs-" + ("-".join(map(str, numbers)) if len(numbers) <= 5 else f"{numbers[0]}-to-{numbers[-1]}")


def comparison_file(groups: Sequence[Group], name: str, whole: bool = False) -> bytes:
    """One of `COMPARISON_FILES`; `whole`: a chart shows every epoch, instead of coming close to the ends."""
    return COMPARISON_FILES[name](groups, whole)


def comparison_files(store: Store, runs: Sequence[int]) -> dict[str, bytes]:
    """All `COMPARISON_FILES` of at least one run; complete seeds of one config stand as a group.

    Raises:
        StoreError: there is no such run, or it cannot be read.
    """
    told = []
    for number in sorted(set(runs)):
        events = (kept.event for kept in store.events_after(number, 0))
        told.append(summarize(store.run(number), [event for event in events if isinstance(event, Epoch)]))
    groups = grouped(told)
    return {name: comparison_file(groups, name) for name in COMPARISON_FILES}
