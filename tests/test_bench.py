"""The benchmark compares like with like, in turn, and says what it measured."""

import io
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from rich.console import Console
from torch import nn

from lab import cli_output, published_recipe
from lab.bench import Apart, Contender, Lab, Report, Round, Speed, bench, interleave, iteration_gflop, ratio, speed
from lab.mnist import write_uncompressed
from lab.network import build_network
from lab.published_recipe import PublishedRecipe
from lab.steps import step

ROOT = Path(__file__).parent.parent


class Stopwatch:
    """A contender that claims to be a second slower each time, and how often it was asked."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[int] = []

    def iterate(self, iterations: int) -> float:
        self.asked.append(iterations)
        return self.seconds + len(self.asked)

    def evaluate(self) -> float:
        return 10.0

    def describe(self) -> str:
        return f"asked for {self.asked}"


class Starter(Stopwatch):
    """A contender that says how its process would start another."""

    def describe(self) -> str:
        return multiprocessing.get_start_method()


class Here(Apart):
    """A contender in this process, which notes when it is measured."""

    def __init__(self, contender: Contender, order: list[str], name: str) -> None:
        self.contender, self.order, self.name = contender, order, name

    def ask(self, method: str, *arguments: object) -> object:
        if method == "iterate":
            self.order.append(self.name)
        return getattr(self.contender, method)(*arguments)

    def run(self, function: object, *arguments: object) -> object:
        return 123.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("torchvision")
    write_uncompressed(root)
    return root


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(published_recipe, "TRIAL", 1)
    monkeypatch.setattr(published_recipe, "WARM_UP", 1)
    yield


def test_the_contenders_take_turns() -> None:
    order: list[str] = []
    contenders = {name: Here(Stopwatch(0), order, name) for name in "AB"}
    found = interleave(contenders, iterations=7, rounds=3)
    assert order == ["A", "B", "A", "B", "A", "B"]
    assert found["A"] == [Round(iteration=seconds, evaluation=10.0) for seconds in (1, 2, 3)]
    assert contenders["A"].ask("describe") == "asked for [7, 7, 7]"


def test_the_speed_is_that_of_the_median_round() -> None:
    rounds = [Round(iteration=seconds, evaluation=10.0) for seconds in (0.5, 9.0, 0.1)]
    found = speed(Here(Stopwatch(0), [], "A"), rounds, "cpu")
    assert found.iterations_per_second == 2
    assert found.epoch_seconds == 938 * 0.5 + 10
    assert found.peak_memory_mb == 123


def test_the_ratio_is_the_median_of_the_rounds_ratios() -> None:
    slow, fast = ([Round(iteration=s, evaluation=0) for s in seconds] for seconds in ((10, 20, 12), (1, 1, 3)))
    assert ratio(slow, fast) == 10  # of 10, 20 and 4


def test_an_iteration_of_step_5_is_1_09_gflop() -> None:
    macs = [1_881_600, 1_204_224, 331_776, 18_432, 18_432, 5_760]  # of an image, in each convolution
    assert iteration_gflop() == 2 * 64 * (3 * sum(macs) - macs[0]) / 1e9
    assert iteration_gflop() == pytest.approx(1.09, abs=0.005)


# --- the published recipe ----------------------------------------------------------------------------------------


def test_the_published_network_is_that_of_step_5() -> None:
    mine = build_network(step(5).config.network, seed=1)
    theirs = published_recipe.network()
    assert [(m.shape, m.dtype) for m in theirs.state_dict().values()] == [
        (m.shape, m.dtype) for m in mine.state_dict().values()
    ]
    rates = [module.p for module in theirs if isinstance(module, nn.Dropout)]
    assert rates == [step(5).config.network.dropout] * 2
    with torch.inference_mode():
        theirs.load_state_dict(
            {name: m for name, m in zip(theirs.state_dict(), mine.state_dict().values(), strict=True)}
        )
        images = torch.rand(4, 1, 28, 28)
        torch.testing.assert_close(theirs.eval()(images), mine.eval()(images))


def test_the_published_recipe_learns_and_says_how_it_loads(folder: Path, hurried: None) -> None:
    recipe = PublishedRecipe(folder, "cpu")
    before = [module.weight.clone() for module in recipe.network if isinstance(module, nn.Conv2d)]
    assert recipe.iterate(2) > 0
    after = [module.weight for module in recipe.network if isinstance(module, nn.Conv2d)]
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert recipe.describe() in ("DataLoader with 0 workers", "DataLoader with 2 workers")


# --- the lab -----------------------------------------------------------------------------------------------------


def test_the_lab_trains_as_a_worker_does_and_says_on_which_path() -> None:
    with Apart(Lab, "cpu", "fastest") as lab:  # which prepares its thread, and would leave this one so
        measured = lab.measure(20)
        assert 0 < measured.iteration < 5
        assert measured.evaluation > 0
        assert lab.ask("describe") in ("compiled engine", "folded engine")  # the second where there is no compiler


def test_what_the_lab_reads_after_an_epoch_is_what_the_published_recipe_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.device.prepare_training_thread", lambda: None)  # it would leave this thread another one
    monkeypatch.setattr("lab.mnist.load_mnist", lambda device: None)
    assert Lab("cpu").config.images_read(2) == 10_000  # the test images, and none of those that it trains on


def test_a_whole_benchmark_measures_both_in_processes_of_their_own() -> None:
    report = bench("cpu", iterations=20, rounds=1)
    assert report.ratio == pytest.approx(
        report.lab.iterations_per_second / report.published.iterations_per_second, rel=1e-6
    )
    assert report.ratio > 1  # not a measurement, but the lab has no business being the slower one
    assert report.share_of_peak > 0
    assert report.published.epoch_seconds > 938 / report.published.iterations_per_second
    assert min(report.published.peak_memory_mb, report.lab.peak_memory_mb) > 100


def test_people_get_a_line_for_each_and_a_sentence() -> None:
    one = Speed(how="as published", iterations_per_second=10, epoch_seconds=95.5, peak_memory_mb=900)
    two = Speed(how="compiled engine", iterations_per_second=100, epoch_seconds=9.6, peak_memory_mb=800)
    report = Report(
        device="cpu", rounds=5, iterations=40, published=one, lab=two, ratio=10, peak_gflops=200, share_of_peak=0.5
    )
    printed = io.StringIO()
    Console(width=140, file=printed).print(cli_output.bench_page(report))
    text = " ".join(printed.getvalue().split())
    assert "published as published 10.0 95.5 900" in text
    assert "The lab is 10.0 times as fast: the median of 5 rounds of 40 iterations on cpu." in text
    assert "50 % of the 200 GFLOP/s" in text


def test_what_loads_a_contenders_data_is_started_as_in_any_process_here() -> None:
    with Apart(Starter, 1.0) as contender:
        assert contender.ask("describe") == multiprocessing.get_start_method()


IMPORTED_FOR_LONG = """
import sys, threading
from lab.bench import Apart

class Contender:
    def describe(self):
        threading.Event().wait(MOMENT == "measuring" and 60)

MOMENT = sys.argv[1]

if __name__ == "__mp_main__":  # in the contender's process, before anything of the lab's runs there
    print("importing", flush=True)
    if MOMENT == "importing":
        threading.Event().wait(60)

if __name__ == "__main__":
    with Apart(Contender) as contender:
        try:
            contender.ask("__init__")
            print("measuring", flush=True)
            contender.ask("describe")
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            raise SystemExit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there a process inherits no blocked signals")
@pytest.mark.parametrize("moment", ["importing", "measuring"])
def test_ctrl_c_ends_a_contender_at_once_and_without_a_word(tmp_path: Path, moment: str) -> None:
    """A terminal sends it to all its processes."""
    program = tmp_path / "program.py"
    program.write_text(IMPORTED_FOR_LONG)
    with subprocess.Popen(
        [sys.executable, program, moment],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        while process.stdout.readline() != f"{moment}\n":
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "interrupted\n", "")
