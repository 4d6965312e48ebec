"""The search for Beyond: its candidates keep the rules, and what is done is kept, skipped and gone on with."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from claiming import claimed, say
from examples import tiny_run, wait_until

from benchmarks import select_beyond
from benchmarks.candidates import CANDIDATES, DESLANTED, EARLIER, NETWORKS
from benchmarks.select_beyond import arguments, known, listed, main, on_the_test_set, table, wanted
from lab.config import RunConfig, to_json
from lab.events import Failed
from lab.layers import layer_table, total_parameters
from lab.network_config import PARAMETER_BUDGET
from lab.steps import step
from lab.store import Store, file_url, open_store

ROOT = Path(__file__).parent.parent
TINY = tiny_run(evaluate_on="validation", epochs=2)


CHOSEN = "deslanted, wider head, no shear"


@pytest.mark.parametrize("name", [*CANDIDATES, *EARLIER, *DESLANTED])
def test_a_candidate_has_15_epochs_fewer_than_10000_parameters_and_never_sees_the_test_set(name: str) -> None:
    config = {**CANDIDATES, **EARLIER, **DESLANTED}[name]
    assert (config.epochs, config.evaluate_on, config.images_per_epoch) == (15, "validation", 50_000)
    assert total_parameters(config.network) < PARAMETER_BUDGET


def test_no_candidate_has_two_names() -> None:
    assert len({*CANDIDATES.values(), *EARLIER.values()}) == len(CANDIDATES) + len(EARLIER)


def test_the_preset_is_the_candidate_that_was_chosen() -> None:
    for number, chosen in ((6, CHOSEN), (7, "deslanted, 6-8-10-10-10-10, no shear")):
        preset = replace(step(number).config, evaluate_on="validation", device="cpu", measure_training=False)
        assert DESLANTED[chosen] == preset


def test_what_is_reported_is_trained_on_all_images_and_reads_the_tests() -> None:
    [reported] = on_the_test_set(wanted([CHOSEN], [3], "cuda"))
    assert reported == replace(step(6).config, seed=3, device="cuda")


@pytest.mark.parametrize("name", ["anchor", "anchor, padded"])
def test_the_anchor_has_the_parameters_that_were_published_of_it(name: str) -> None:
    network = NETWORKS[name]
    assert total_parameters(network) == 9_994
    convolutions = [row for row in layer_table(network) if row.kind == "conv"]
    assert [row.output_shape[0] for row in convolutions] == [10, 30, 10, 14, 14, 14, 14, 10]
    assert not any(row.bias for row in convolutions)
    assert ["batch norm" in row.extras for row in convolutions] == [True] * 7 + [False]


def test_every_seed_of_every_candidate_is_wanted_the_first_seed_first() -> None:
    found = wanted(["Beyond", "AdamW 0.01"], [1, 2])
    assert list(found.values()) == ["Beyond", "AdamW 0.01"] * 2
    assert [config.seed for config in found] == [1, 1, 2, 2]
    assert len(wanted([], [3])) == len(CANDIDATES)


def test_a_candidate_that_there_is_not_is_refused_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["Beyund"], ["--processes", "0"]):
        with pytest.raises(SystemExit):
            arguments(wrong)
    assert "there is no candidate 'Beyund'" in capsys.readouterr().err


def test_a_table_of_a_store_that_is_not_there_is_refused_and_none_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--table", "--store", str(tmp_path / "nowhere.sqlite3")])
    assert "there is no store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_list_says_what_of_a_candidate_is_not_as_in_beyond() -> None:
    lines = listed(["Beyond", "Beyond without cancelled biases", "anchor, mild"]).splitlines()
    assert lines == [
        "Beyond (9,426 parameters): as the preset was before this search",
        "Beyond without cancelled biases (9,274 parameters): bias only where no batch norm follows",
        "anchor, mild (9,994 parameters): its own layers; bias in no layer",
    ]


# --- training ----------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select_beyond, "ALL", {"tiny": TINY, "other": replace(TINY, label_smoothing=0.1)})


def in_a_process(store: Store, name: str, config: RunConfig) -> "subprocess.Popen[str]":
    code = (
        "import sys; from lab.config import from_json; from benchmarks.select_beyond import train_candidate\n"
        "train_candidate(sys.argv[1], sys.argv[2], from_json(sys.argv[3]), 1)"
    )
    command = [sys.executable, "-c", code, store.url, name, to_json(config)]
    return subprocess.Popen(command, cwd=ROOT, text=True)


@pytest.mark.usefixtures("tiny_candidates")
def test_a_search_trains_what_is_wanted_keeps_it_and_prints_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "search.sqlite3"
    command = ["tiny", "other", "--store", str(file), "--processes", "2", "--threads", "1"]
    main(command)
    told = capsys.readouterr().out.splitlines()
    store = open_store(file_url(file))
    runs = store.runs()
    assert {(run.name, run.status) for run in runs} == {("tiny, seed 1", "finished"), ("other, seed 1", "finished")}
    assert {run.config for run in runs} == {TINY, replace(TINY, label_smoothing=0.1)}
    assert all(len(epochs) == 2 for epochs in store.epochs([run.id for run in runs]).values())
    assert len([line for line in told if line.startswith("| tiny |")]) == 3  # as it ended, in the table, and its mean
    main(command)
    assert [run.id for run in store.runs()] == [run.id for run in runs]  # nothing is trained twice
    assert not [line for line in capsys.readouterr().out.splitlines() if "was not begun" in line]


def test_a_candidate_that_is_interrupted_goes_on_after_its_last_epoch(tmp_path: Path) -> None:
    store, long = open_store(file_url(tmp_path / "search.sqlite3")), replace(TINY, epochs=200)
    process = in_a_process(store, "long", long)
    wait_until(lambda: any(len(epochs) > 0 for epochs in store.epochs([1]).values()))
    process.terminate()
    assert process.wait() == 0
    [run] = store.runs()
    assert (run.status, run.reason) == ("interrupted", "The lab was closed while this run trained.")
    done = len(store.epochs([run.id])[run.id])
    again = in_a_process(store, "long", long)
    wait_until(lambda: len(store.epochs([run.id])[run.id]) > done)
    again.terminate()
    assert again.wait() == 0
    assert [one.id for one in store.runs()] == [run.id]


def test_a_run_that_diverged_or_that_somebody_trains_is_not_begun_again(store: Store) -> None:
    for number, event in enumerate([Failed(reason="It diverged."), None], start=1):
        config = replace(TINY, seed=number)
        run_id = store.submit(config)
        claimed(store, run_id, "someone", device=f"cpu {number}")
        if event:
            say(store, run_id, event)
        assert select_beyond.is_done(known(store)[config])
    assert not select_beyond.is_done(None)


@pytest.mark.usefixtures("tiny_candidates")
def test_a_run_that_failed_stands_in_the_table_with_its_reason_and_in_no_mean(store: Store) -> None:
    run_id = store.submit(TINY)
    claimed(store, run_id, "someone")
    say(store, run_id, Failed(reason="It diverged."))
    rows = table(store, wanted(["tiny", "other"], [1])).splitlines()
    assert [row for row in rows if row.startswith("| tiny |")] == [
        "| tiny | 718 | 1 | none (failed after 0 epochs: It diverged.) | - | - | - | - | - |"
    ]
