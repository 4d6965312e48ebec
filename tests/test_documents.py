"""Every figure that the documents give of runs is the reference database's, and what they say follows from it."""

import re
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev

import pytest
from safetensors.torch import load, load_file
from summaries import seed_runs

from benchmarks import documents, readings
from benchmarks.documents import ROOT, Reference, blocks, files, reference, run_to_ship, written
from lab.analysis import RunSummary
from lab.config import from_json
from lab.evidence import REFERENCE, opened
from lab.intervals import difference_interval, mean_interval, next_interval
from lab.layers import total_parameters
from lab.predict import SHIPPED, shipped_facts
from lab.published import TARGET_ACCURACY, published_epochs
from lab.quick import QUICK_BATCH, QUICK_EPOCHS, QUICK_IMAGES
from lab.seeds import counted, pool_seeds
from lab.steps import step
from lab.store import Store


@pytest.fixture(scope="module")
def known() -> Reference:
    with opened() as store:
        return reference(store)


def of(*runs: RunSummary) -> Reference:
    found = counted(runs)
    return Reference(runs, found, pool_seeds(found), ())


@pytest.mark.parametrize("path", [*documents.DOCUMENTS, documents.PICTURE], ids=lambda path: path.name)
def test_a_document_is_what_the_reference_database_makes_of_it(known: Reference, path: Path) -> None:
    assert path.read_text(encoding="utf-8") == files(known)[path], "run: python benchmarks/documents.py"


@pytest.mark.parametrize("path", [ROOT / "README.md", *(ROOT / "docs").glob("*.md")], ids=lambda path: path.name)
def test_every_file_that_a_document_names_is_there(path: Path) -> None:
    named = set(re.findall(r"(?:benchmarks|docs|lab|pages|tests)/[\w/-]+\.\w+", path.read_text(encoding="utf-8")))
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_readme_names_every_source_of_the_lab_its_pages_and_the_benchmarks() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = text[text.index("```\napp.py") : text.index("## Change something")]
    named = {Path(name).name for name in re.findall(r"[\w/]+(?=\.(?:py|js|css|c|h)\b)", tree)}
    sources = (path for folder in ("lab", "pages", "benchmarks") for path in (ROOT / folder).rglob("*.*"))
    theirs = {path.stem for path in sources if path.suffix in {".py", ".js", ".css", ".c", ".h"}} - {"__init__"}
    told_by_folder = {
        path.stem
        for folder in ("benchmarks/frameworks", "lab/ui/plotly", "lab/ui/signature_pad")
        for path in (ROOT / folder).iterdir()
    }
    assert named - {"app"} == theirs - told_by_folder


@pytest.mark.parametrize("path", documents.DOCUMENTS, ids=lambda path: path.name)
def test_no_accuracy_stands_in_a_document_but_the_target_and_what_is_made(path: Path) -> None:
    text = documents.BLOCK.sub("", path.read_text(encoding="utf-8"))
    by_hand, _, _ = text.partition("## How Beyond was chosen")  # on a validation split: no run of the database
    assert set(re.findall(r"\b9[89]\.\d+", by_hand)) <= {"99.40"}


def test_what_is_said_by_hand_of_another_processor_follows_from_the_runs_that_are_kept(known: Reference) -> None:
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    _, _, section = documents.BLOCK.sub("", text).partition("## The same seeds on another processor")
    beyond = {
        reading: [run for run in known.known if run.name == f"Beyond, not deslanted{reading}, seed {run.config.seed}"]
        for reading in ("", ", one reading")
    }
    finals = [run.epochs[-1].test_accuracy for run in beyond[""]]
    held = sum(min(epoch.test_accuracy for epoch in run.epochs[-3:]) >= readings.AHEAD for run in beyond[""])
    row = f"{mean(finals):.3f} ± {stdev(finals):.3f} | {min(finals):.2f} to {max(finals):.2f} | {held} of {len(finals)}"
    assert f"| Intel Xeon | {row} |" in section
    first, once = (min(runs, key=lambda run: run.config.seed).epochs[-1].test_accuracy for runs in beyond.values())
    assert f"99.38 % instead of {first:.2f}." in section and f"on the Intel Xeon {once:.2f})" in section
    follow = {f"{figure:.2f}" for figure in (TARGET_ACCURACY, readings.AHEAD, first, once)}
    of_runs_not_kept = {"99.566", "99.38", "99.66", "99.42"}  # on an AMD EPYC
    accuracies = re.compile(r"\b9[89]\.\d+")
    assert set(accuracies.findall(section)) == follow | of_runs_not_kept | set(accuracies.findall(row))
    then = {number: [run.final for run in known.earlier if run.step == number] for number in (3, 4, 5)}
    one_more, average = next_interval(then[5]), mean_interval(then[3])
    apart = difference_interval(then[5], then[4])
    assert one_more is not None and average is not None and apart is not None
    outside = published_epochs(5)[-1].test_accuracy - one_more[1]
    assert f"of step 5 lay {outside:.3f} points outside the interval for one more seed" in " ".join(section.split())
    assert average[1] < published_epochs(3)[-1].test_accuracy and apart[0] < 0 < apart[1]


def test_the_readme_gives_the_presets_and_the_quick_run_as_they_are() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    large, light = (total_parameters(step(number).config.network) for number in (1, 5))
    assert f"a plain network with {large:,} parameters to a steady one with {light:,}." in text
    words = f"for five epochs on {QUICK_IMAGES:,} images in batches of {QUICK_BATCH}"
    assert QUICK_EPOCHS == 5 and words in text


def test_the_readme_says_how_fast_the_lab_is_by_the_table_of_the_performance_page_and_on_which_machine() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    table = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    rows = [row.strip("| ").split(" | ") for row in table.splitlines() if row.startswith(("| published", "| lab"))]
    (recipe, mine), *_ = pairwise(rows)
    ratios = {
        engine: [float(row[4].strip("*")) for row in rows if f"lab, {engine} engine" in row[0]]
        for engine in ("compiled", "folded")
    }
    low, high = (f"{edge(ratios['compiled']):.0f}" for edge in (min, max))
    assert f"On two cores of an Intel Xeon or an AMD EPYC it trains {low} to {high} times as fast" in text
    took, takes = (float(row[2].removesuffix(" s")) for row in (recipe, mine))
    assert f"on the Xeon an epoch of step 5 takes {takes:.0f} seconds instead of {took:.0f}" in text
    assert f"on the Xeon {min(ratios['folded']):.0f} to {max(ratios['folded']):.0f} times as fast" in text


def test_the_network_that_ships_is_the_reference_run_of_the_lowest_seed(known: Reference) -> None:
    run = run_to_ship(known)
    assert run is not None and run.step == 6
    facts = shipped_facts()
    assert (facts["name"], facts["epoch"]) == (run.name, run.epochs[-1].epoch)
    assert facts["test_correct"] == run.epochs[-1].test_correct
    assert from_json(facts["config"]) == run.config
    with opened() as store:
        weights = load(store.checkpoint(run.run).weights)
    shipped = load_file(SHIPPED)
    assert set(shipped) == set(weights)
    assert all((shipped[name] == weights[name]).all() for name in weights)


def test_reading_the_reference_database_leaves_it_as_it_is() -> None:
    before = REFERENCE.read_bytes()
    with opened() as store:
        assert store.runs()
    assert REFERENCE.read_bytes() == before


def test_a_block_is_made_anew_and_all_else_stays() -> None:
    text = "One.\n<!-- made: runs -->\nold\n<!-- end -->\nTwo.\n<!-- made: luck -->\n<!-- end -->\n"
    once = written(text, {"runs": "a", "luck": "b\nc"})
    assert once == "One.\n<!-- made: runs -->\na\n<!-- end -->\nTwo.\n<!-- made: luck -->\nb\nc\n<!-- end -->\n"
    assert written(once, {"runs": "a", "luck": "b\nc"}) == once


def test_a_block_that_nobody_makes_is_an_error() -> None:
    with pytest.raises(ValueError, match="asks for 'moon'; known are luck, runs"):
        written("<!-- made: moon -->\n<!-- end -->\n", {"runs": "", "luck": ""})


# --- whatever the database holds -----------------------------------------------------------------------------------


def test_of_an_empty_database_every_block_says_that_there_is_nothing(store: Store) -> None:
    nothing = reference(store, replayed=())
    assert run_to_ship(nothing) is None
    made = blocks(nothing)
    assert made["runs"] == made["origin"] == made["places"] == readings.NOTHING
    assert "Step 1: no run in float32 yet." in made["readings"]
    assert made["luck"] == "Too few seeds of step 5 are measured to say."
    assert made["replays"] == "No whole replay is kept yet."
    assert "| 6 Beyond | 9,884 | - | none yet |" in made["short results"]


def test_without_beyond_the_lowest_seed_of_step_5_ships() -> None:
    run = run_to_ship(of(*seed_runs(5, 99.3, 99.5), *seed_runs(4, 99.4)))
    assert run is not None and (run.step, run.config.seed) == (5, 1)


def test_no_accuracy_decides_which_seed_of_beyond_ships() -> None:
    run = run_to_ship(of(*seed_runs(6, 99.4, 99.6), *seed_runs(5, 99.5)))
    assert run is not None and (run.step, run.config.seed) == (6, 1)
