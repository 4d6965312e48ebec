"""Figures that a document gives by hand, and that follow from the code, are what the code gives."""

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks import paths
from benchmarks.documents import BLOCK, ROOT
from benchmarks.select_beyond import ALL
from lab.bench import iteration_gflop
from lab.layers import total_parameters
from lab.steps import step

RESULTS, PERFORMANCE = (ROOT / "docs" / name for name in ("results.md", "performance.md"))


def rows(path: Path, heading: str) -> Iterator[list[str]]:
    """The cells of the tables from a heading on to the next one of any kind."""
    text = re.split(r"^#+ ", BLOCK.sub("", path.read_text(encoding="utf-8")), flags=re.MULTILINE)
    section = next(part for part in text if part.startswith(heading))
    return (
        [cell.strip("* ") for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"
    )


def test_a_candidate_has_the_parameters_that_the_report_of_the_search_gives_it() -> None:
    for heading, least in (("The third round", 40), ("The fourth round", 10)):
        told = {name: parameters for name, parameters, *_ in rows(RESULTS, heading) if name in ALL}
        assert len(told) >= least
        assert told == {name: f"{total_parameters(ALL[name].network):,}" for name in told}


def test_the_third_round_counts_the_candidates_and_runs_of_its_table() -> None:
    seeds = [int(cells[2].split()[0]) for cells in rows(RESULTS, "The third round") if cells[0] in ALL]
    assert f"{len(seeds)} candidates, {sum(seeds)} runs" in RESULTS.read_text(encoding="utf-8")


def test_the_networks_that_were_timed_are_those_that_are_timed_and_have_as_many_multiplications() -> None:
    is_network = re.compile(r"step \d|anchor$|drawn \d").match
    told = [cells[:4] for cells in rows(PERFORMANCE, "Network by network") if is_network(cells[0])]
    assert told == [
        [name, paths.words(config.network), f"{paths.macs(config) / 1e6:.2f}", f"{config.batch_size}"]
        for name, config in paths.networks()
    ]


def test_the_limit_is_told_of_an_iteration_and_of_the_iterations_of_step_5() -> None:
    text, config = PERFORMANCE.read_text(encoding="utf-8"), step(5).config
    assert f"An iteration is {iteration_gflop(config):.2f} GFLOP" in text
    assert f"for their {config.epochs * config.iterations_per_epoch:,} iterations" in text
