"""The benchmark compares like with like, in turn, and says what it measured."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from rich.console import Console
from torch import nn

from lab import cli_output, published_recipe
from lab.bench import Lab, Report, Speed, bench, iteration_gflop, ratio, speed
from lab.contender import Apart, Round
from lab.mnist import write_uncompressed
from lab.network import build_network
from lab.published_recipe import PublishedRecipe
from lab.steps import step


class Quiet(Apart):
    """A contender without a process, which took 123 MB."""

    def __init__(self) -> None:
        pass

    def ask(self, method: str, *arguments: object) -> object:
        return "in no way"

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


def test_the_speed_is_that_of_the_median_round() -> None:
    rounds = [Round(iteration=seconds, evaluation=10.0) for seconds in (0.5, 9.0, 0.1)]
    found = speed(Quiet(), rounds, "cpu")
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
