"""The lab beside other frameworks: what can be said without any of them installed."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from examples import noted

from benchmarks import peers
from benchmarks.frameworks import peer as shared
from benchmarks.frameworks.peer import Peer, Stopwatch, fastest_workers
from benchmarks.peers import Comparison, absences, check, frameworks, main, parse, table
from lab.bench import Speed
from lab.device import available_devices
from lab.published_recipe import WARM_UP

ROOT = Path(__file__).parent.parent


class NotHere(Peer):
    name, package = "Not here", "no_such_package"


class Here(Peer):
    name, package = "Here", "json"


FOUND = Comparison(
    device="cpu",
    device_name="A processor, 2 threads",
    rounds=5,
    iterations=40,
    speeds={
        "published recipe": Speed(
            how="DataLoader with 2 workers", iterations_per_second=25, epoch_seconds=41.5, peak_memory_mb=612.3
        ),
        "lab": Speed(how="compiled engine", iterations_per_second=100, epoch_seconds=10.2, peak_memory_mb=523.4),
    },
    ratios={"published recipe": 4.0, "lab": 1.0},
    missing=["Lightning"],
)


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said when the command line is refused."""
    with pytest.raises(SystemExit) as error:
        parse(arguments)
    assert error.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_without_arguments_the_fastest_device_is_measured() -> None:
    assert parse([]).device == available_devices()[0]
    assert not parse([]).json


def test_a_round_is_long_enough_for_the_device_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse(["--device", "cpu"]).iterations == 40
    assert parse(["--device", "cpu", "--iterations", "7"]).iterations == 7
    monkeypatch.setattr("lab.device.resolve_device", lambda kind: kind)
    assert parse(["--device", "cuda"]).iterations == 470


def test_a_device_that_is_not_here_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.device.available_devices", lambda: ["cpu"])
    assert refusal(["--device", "mps"], capsys).endswith("This machine has no mps device: choose cpu, or auto.")


@pytest.mark.parametrize("steps", ["0", "-3", "930"])
def test_a_round_is_at_most_an_epoch_less_the_warm_up(steps: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--iterations must be from 1 to 929" in refusal(["--iterations", steps], capsys)
    assert parse(["--iterations", "929"]).iterations == 929


def test_a_framework_that_is_not_installed_is_named_in_one_sentence() -> None:
    assert absences(["fastai"]) == ["fastai is not installed: see benchmarks/requirements-peers.txt."]
    assert table(FOUND).splitlines()[-1].startswith("Lightning is not installed")


def test_only_what_is_installed_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured: list[type[Peer]] = []

    def compare(device: str, iterations: int, present: list[type[Peer]], missing: list[str]) -> Comparison:
        measured.extend(present)
        return replace(FOUND, missing=missing)

    monkeypatch.setattr(peers, "frameworks", lambda: (NotHere, Here))
    monkeypatch.setattr(peers, "compare", compare)
    main(["--device", "cpu"])
    assert measured == [Here]
    assert capsys.readouterr().out == table(replace(FOUND, missing=["Not here"])) + "\n"


def test_the_table_has_a_line_for_each_contender_and_how_much_faster_the_lab_is() -> None:
    title, _, published, lab, _ = table(FOUND).splitlines()
    assert title == "Step 5 on A processor, 2 threads: medians of 5 rounds of 40 iterations"
    assert published.split() == [
        "published",
        "recipe",
        "25.0",
        "41.5",
        "612",
        "4.00",
        "DataLoader",
        "with",
        "2",
        "workers",
    ]
    assert lab.split() == ["lab", "100.0", "10.2", "523", "1.00", "compiled", "engine"]


def test_json_says_the_same_as_the_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(peers, "compare", lambda *_: FOUND)
    main(["--json", "--device", "cpu"])
    row = json.loads(capsys.readouterr().out)
    assert row["speeds"]["lab"]["iterations_per_second"] == 100
    assert row["ratios"]["published recipe"] == 4
    assert row["missing"] == ["Lightning"]
    assert Comparison(**{**row, "speeds": {name: Speed(**it) for name, it in row["speeds"].items()}}) == FOUND


def test_every_framework_has_a_name_of_its_own_that_fits_the_table() -> None:
    names = [peer.name for peer in frameworks()]
    assert len(set(names)) == len(names)
    wide = replace(FOUND, speeds={name: FOUND.speeds["lab"] for name in names}, ratios=dict.fromkeys(names, 1.0))
    assert len({line.index("compiled engine") for line in table(wide).splitlines() if "compiled engine" in line}) == 1


def test_a_framework_that_trains_another_network_is_refused() -> None:
    check("Keras", 9_426, [2.0, 0.5])
    with pytest.raises(RuntimeError, match=r"Keras trains 9,638 parameters, not the 9,426 of step 5\."):
        check("Keras", 9_638, [2.0, 0.5])


@pytest.mark.parametrize("last", [2.0, 2.5, float("nan")])
def test_a_framework_whose_loss_does_not_fall_is_refused(last: float) -> None:
    with pytest.raises(RuntimeError, match="fastai does not learn"):
        check("fastai", 9_426, [2.0, 0.5, last])


def test_the_warm_up_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 103.0])
    monkeypatch.setattr(shared, "now", lambda device: next(clock))
    watch = Stopwatch("cpu", 5)
    assert [watch.count("what a framework", "hands over") for _ in range(WARM_UP + 5)] == [False] * (WARM_UP + 4) + [
        True
    ]
    assert watch.seconds == 3


@pytest.mark.parametrize("best", [0, 2, 8])
def test_as_many_processes_load_the_data_as_are_fastest(best: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    assert fastest_workers(lambda workers: abs(workers - best)) == best


def test_no_more_processes_are_tried_than_there_are_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    tried: list[int] = []
    fastest_workers(lambda workers: float(noted(tried, workers)))
    assert tried == [0, 0, 2]  # the first one warms up


def test_each_process_reads_the_benchmark_before_it_loads_torch() -> None:
    code = "import sys, benchmarks.peers; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
