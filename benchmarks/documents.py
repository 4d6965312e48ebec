"""Makes what the documents say of the reference runs, and the network that ships, from lab/data/reference.sqlite3.

    python benchmarks/documents.py

Writes README.md, docs/results.md, docs/performance.md, docs/distribution.svg and lab/data/shipped.safetensors. In a
document the lines between `<!-- made: NAME -->` and `<!-- end -->` are made here; a test compares them
with the database. The replayed logs come from benchmarks/replayed.csv, and runs on another processor from
benchmarks/earlier_runs.csv.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import readings, same_seeds
from benchmarks.distribution import distribution
from benchmarks.replayed import ReplayedEpoch, kept, replays
from lab.analysis import RunSummary
from lab.evidence import opened
from lab.predict import ship
from lab.report import (
    COMPUTED,
    HELD,
    MEASURED,
    MEASURED_TRAINING,
    PARAMETERS,
    PUBLISHED,
    PUBLISHED_TRAINING,
    SEEDS,
    STEP,
    TEST_COLUMNS,
    TRAINING_COLUMNS,
    runs_table,
    step_table,
    summaries,
)
from lab.seeds import Pool, counted, main_pool, pool_seeds
from lab.store import Store
from lab.terms import Terms

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "distribution.svg"
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "results.md", ROOT / "docs" / "performance.md")
SHORT_COLUMNS = (
    STEP,
    PARAMETERS,
    COMPUTED,
    SEEDS,
    PUBLISHED,
    MEASURED,
    HELD,
    ("Published train %", PUBLISHED_TRAINING[1]),
    ("Measured train %, mean", MEASURED_TRAINING[1]),
)
"""The heading of the last two is explained under the table."""
SHIPPED_STEPS = (6, 5)
"""What ships is the lowest seed of the first of these that has runs: no accuracy decides."""

BLOCK = re.compile(r"(?P<begin><!-- made: (?P<name>[\w ]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Reference:
    """What the documents are made from: all runs, those that count, their pools, the replays, and runs beside them."""

    known: Sequence[RunSummary]
    runs: Sequence[tuple[Terms, RunSummary]]
    pools: Sequence[Pool]
    replayed: Sequence[ReplayedEpoch]
    earlier: Sequence[same_seeds.OtherRun] = ()
    in_bfloat16: Sequence[same_seeds.OtherRun] = ()


def reference(store: Store, replayed: Sequence[ReplayedEpoch] | None = None) -> Reference:
    """What a store and the kept replays hold."""
    known = summaries(store)
    runs = counted(known)
    logs = kept() if replayed is None else replayed
    others = (same_seeds.kept(path) for path in (same_seeds.EARLIER, same_seeds.IN_BFLOAT16))
    return Reference(known, runs, pool_seeds(runs), logs, *others)


def blocks(known: Reference) -> dict[str, str]:
    """Every block that a document may hold, in Markdown."""
    return {
        "short results": step_table(SHORT_COLUMNS, known.pools),
        "test accuracy": step_table(TEST_COLUMNS, known.pools),
        "training accuracy": step_table(TRAINING_COLUMNS, known.pools),
        "places": readings.places(known.pools) if known.pools else readings.NOTHING,
        "readings": readings.readings(known.pools),
        "gains": readings.gains(known.pools),
        "second reading": readings.second_reading(known.known),
        "ahead": readings.ahead(known.known),
        "luck": readings.luck(known.pools, known.replayed),
        "replays": replays(known.replayed),
        "runs": runs_table(known.runs) if known.runs else readings.NOTHING,
        "processors": same_seeds.processors(known.pools, known.earlier),
        "precisions": same_seeds.precisions(known.pools, known.in_bfloat16),
        "origin": readings.origin(known.runs),
        "engines": readings.engines(known.pools),
    }


def written(document: str, made: dict[str, str]) -> str:
    """A document with its blocks made anew.

    Raises:
        ValueError: it asks for a block that is not known.
    """

    def block(found: re.Match[str]) -> str:
        if found["name"] not in made:
            raise ValueError(f"A document asks for {found['name']!r}; known are {', '.join(sorted(made))}.")
        return f"{found['begin']}{made[found['name']]}\n{found['end']}"

    return BLOCK.sub(block, document)


def files(known: Reference) -> dict[Path, str]:
    """Every file of text that is made, and what it holds."""
    made = blocks(known)
    documents = {path: written(path.read_text(encoding="utf-8"), made) for path in DOCUMENTS}
    return documents | {PICTURE: distribution(known.pools)}


def run_to_ship(known: Reference) -> RunSummary | None:
    """The run whose network ships; None where no step that may has a run in float32."""
    pools = (main_pool(known.pools, number) for number in SHIPPED_STEPS)
    return next((pool.runs[0] for pool in pools if pool), None)


def main() -> None:
    """Write them all."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with opened() as store:
        known = reference(store)
        for path, text in files(known).items():
            path.write_text(text, encoding="utf-8", newline="\n")
        run = run_to_ship(known)
        if run is not None:
            ship(run.run, store)
    print(f"{len(known.runs)} runs, {len(known.replayed)} replayed epochs; ships: {run.name if run else 'as it was'}")


if __name__ == "__main__":
    main()
