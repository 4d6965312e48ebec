"""The evidence that ships: the reference runs of every step, pooled over their seeds.

They are read once, and again when the file has changed.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

from lab.describe import count
from lab.intervals import difference_interval
from lab.number_words import signed
from lab.published import TARGET_ACCURACY
from lab.report import between, summaries
from lab.seeds import Pool, counted, main_pool, pool_seeds, published_final
from lab.store import Store, StoreError, file_url

log = logging.getLogger(__name__)

REFERENCE = Path(__file__).parent / "data" / "reference.sqlite3"


def reached_words(pools: Sequence[Pool]) -> str:
    """How many of the seeds end at the target: of step 5 and of the steps beyond; nothing is said without a run."""
    said = [
        f"{pool.reached_target} of {count(len(pool.runs), 'seed')} of {where}"
        for number, where in ((5, "step 5"), (6, "Beyond"), (7, "Smallest"))
        if (pool := main_pool(pools, number))
    ]
    if not said:
        return ""
    *most, last = said
    counted_seeds = f"{', '.join(most)} and {last}" if most else last
    return f"Measured here: {counted_seeds} end at {TARGET_ACCURACY:.2f} % or better."


def final_words(pool: Pool) -> str:
    """`99.31 ± 0.07 %, 5 seeds`: mean and standard deviation of the accuracies after the last epoch."""
    spread = "" if pool.final_spread is None else f" ± {pool.final_spread:.2f}"
    return f"{pool.final_mean:.2f}{spread} %, {count(len(pool.runs), 'seed')}"


def target_words(pool: Pool) -> str:
    """`2 of 5 at 99.40 % or better, so 12 to 77 % of all seeds`: the share at 95 %."""
    low, high = (f"{100 * share:.0f}" for share in pool.reached_share)
    counted_runs = f"{pool.reached_target} of {len(pool.runs)} at {TARGET_ACCURACY:.2f} % or better"
    return f"{counted_runs}, so {low} to {high} % of all seeds"


def place_words(pool: Pool) -> str:
    """Where the step's published run stands among the seeds, and whether it can be one more of them, at 95 %."""
    found, published = pool.published_place, published_final(pool.terms.step)
    if found is None or published is None:
        return ""
    of = f"all {len(pool.runs)}" if found.below == len(pool.runs) > 1 else f"{found.below} of {len(pool.runs)}"
    equal = f" and equal to {found.equal}" if found.equal else ""
    said = f"The published {published:.2f} % is higher than {of}{equal}"
    if pool.reproduces is None:
        return f"{said}."
    where = "inside" if pool.reproduces else "outside"
    return f"{said}, and {where} the range where one more seed would probably end: {between(pool.next_interval, 3)} %."


def gain_words(before: Pool | None, after: Pool | None) -> str:
    """How many points a step's seeds end above those of the step before, at 95 %; nothing where none can say so.

    As in `docs/results.md`: only of what was computed alike.
    """
    if before is None or after is None or before.terms.computed != after.terms.computed:
        return ""
    interval = difference_interval(after.finals, before.finals)
    if interval is None:
        return ""
    low, high = map(signed, interval)
    gain = signed(after.final_mean - before.final_mean)
    told = f"{gain} points on average (95 %: {low} to {high})"
    return told if interval[0] > 0 or interval[1] < 0 else f"{told}: the seeds do not show a difference"


def one_seed_words(pool: Pool | None) -> str:
    """How far the one seed of a step's published run can be trusted, by the seeds of that step that were measured."""
    if pool is None or pool.final_spread is None:
        return "One run with one seed."
    seeds = count(len(pool.runs), "seed")
    return (
        f"One run with one seed. The final accuracies of {seeds} measured here have a standard deviation of "
        f"{pool.final_spread:.2f} points."
    )


def reference_pools() -> tuple[Pool, ...]:
    """All pools of the reference runs; none where the file is not there or cannot be read."""
    try:
        return _pools(REFERENCE.stat().st_mtime_ns)
    except (OSError, StoreError) as error:
        why = str(error) if isinstance(error, OSError) else "it is damaged"
        _warn(
            f"The reference runs cannot be read from {REFERENCE}, so no page shows them ({why}). Install the lab anew."
        )
        return ()


@cache
def _warn(words: str) -> None:
    """Once: every page asks for the runs whenever it is drawn."""
    log.warning("%s", words)


@lru_cache(maxsize=1)
def _pools(_changed: int) -> tuple[Pool, ...]:
    with opened() as store:
        return tuple(pool_seeds(counted(summaries(store))))


@contextmanager
def opened() -> Iterator[Store]:
    """A copy of the reference runs' database, opened: the file itself is never brought up to date by being read."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / REFERENCE.name
        shutil.copy(REFERENCE, copy)
        store = Store(file_url(copy))
        try:
            yield store
        finally:
            store.close()
