"""Which engine a run takes, and that all engines train the same network."""

from dataclasses import replace

import pytest
import torch
from examples import tiny_run
from torch import Tensor

from lab.compute.engines import Engine, make_engine, planned_engine
from lab.compute.native.build import library
from lab.compute.native.engine import knows_halves
from lab.config import RunConfig
from lab.mnist import Mnist, normalize, to_unit
from lab.network import build_network
from lab.network_config import NetworkConfig, conv, linear, max_pool
from lab.steps import step
from lab.training import train

compiled = pytest.mark.skipif(library() is None, reason="no C compiler: PyTorch is all there is")


def made(config: RunConfig) -> Engine:
    return make_engine(config, build_network(config.network, seed=1), "cpu", torch.Generator())


@compiled
@pytest.mark.parametrize("number", range(1, 7))
def test_every_step_takes_the_compiled_engine_on_the_cpu(number: int) -> None:
    assert made(step(number).config).name == "compiled"


@pytest.mark.parametrize(
    "config",
    [
        tiny_run(engine="pytorch"),
        tiny_run(precision="bfloat16"),
        tiny_run(network=NetworkConfig(layers=(max_pool(), conv(10, 3)))),
    ],
    ids=["asked for", "bfloat16", "a network that begins with pooling"],
)
def test_what_the_compiled_engine_does_not_serve_takes_pytorch(config: RunConfig) -> None:
    assert made(config).name == "PyTorch"


@compiled
@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("knows", [True, False])
def test_bfloat16_takes_the_compiled_engine_for_a_stem_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, knows: bool, number: int
) -> None:
    monkeypatch.setattr("lab.compute.native.engine.knows_halves", lambda: knows)
    planned = planned_engine(replace(step(number).config, precision="bfloat16"), "cpu")
    assert planned == ("compiled" if knows and number in (2, 3, 4, 5) else "pytorch")


@compiled
@pytest.mark.skipif(not knows_halves(), reason="this processor has no products of bfloat16")
def test_training_in_bfloat16_rounds_and_reading_does_not(few: Mnist) -> None:
    """The same first weights: what is read with them is the same, and what one step makes of them is not."""
    found = []
    for precision in ("float32", "bfloat16"):
        config = replace(step(5).config, precision=precision, batch_size=16)
        network = build_network(config.network, seed=1)
        way = make_engine(config, network, "cpu", torch.Generator().manual_seed(1))
        images = normalize(to_unit(few.train_images[:16]))
        scores = way.scores(images)
        loss, _ = way.gradient(images, few.train_labels[:16])
        found.append((way.name, scores, loss))
        way.close()
    assert [name for name, _, _ in found] == ["compiled", "compiled"]
    assert torch.equal(found[0][1], found[1][1])
    assert found[0][2] != found[1][2]
    assert found[0][2].item() == pytest.approx(found[1][2].item(), rel=0.02)


def test_without_a_compiler_a_network_with_a_stem_takes_the_folded_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.compute.native.engine.fits", lambda *_: False)
    assert [made(step(number).config).name for number in range(1, 7)] == ["PyTorch", *["folded"] * 4, "PyTorch"]
    assert made(replace(step(5).config, engine="pytorch")).name == "PyTorch"
    assert made(tiny_run()).name == "PyTorch"  # it has no 1x1 convolution behind the first


@compiled
def test_the_run_says_which_engine_it_takes(few: Mnist) -> None:
    engines = [next(iter(train(tiny_run(engine=engine), few))).row()["engine"] for engine in ("fastest", "pytorch")]
    assert engines == ["compiled", "PyTorch"]


STEADY = replace(step(5).config, network=replace(step(5).config.network, dropout=0.0))
SAME_EVERYWHERE = {
    "step 2": step(2).config,
    "step 5 without dropout": STEADY,
    "no bias": replace(STEADY, network=replace(STEADY.network, bias="none")),
    "label smoothing": replace(STEADY, label_smoothing=0.2),
    "a linear layer": RunConfig(
        network=NetworkConfig(layers=(conv(50, 5), conv(8, 1), max_pool(), conv(12, 3), linear()))
    ),
    "a linear layer behind the stem": RunConfig(
        network=NetworkConfig(layers=(conv(50, 5), conv(8, 1), linear()), batch_norm=True)
    ),
}


@compiled
@pytest.mark.parametrize("name", SAME_EVERYWHERE)
def test_all_engines_give_the_same_losses_and_scores(few: Mnist, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks without dropout, whose random numbers differ; over three batches, before rounding has grown."""
    config = replace(SAME_EVERYWHERE[name], batch_size=16)
    fast = three_steps(config, few)
    plain = three_steps(replace(config, engine="pytorch"), few)
    monkeypatch.setattr("lab.compute.native.engine.fits", lambda *_: False)
    folded = three_steps(config, few)
    assert [engine for engine, _, _ in (fast, folded, plain)] == ["compiled", "folded", "PyTorch"]
    for _, losses, scores in (fast, folded):
        assert losses == pytest.approx(plain[1], rel=1e-3)
        assert torch.allclose(scores, plain[2], rtol=0.05, atol=0.02)


def three_steps(config: RunConfig, data: Mnist) -> tuple[str, list[float], Tensor]:
    """The engine, the losses of three iterations of plain gradient descent, and the scores afterwards in eval mode."""
    network = build_network(config.network, seed=1)
    way = make_engine(config, network, "cpu", torch.Generator().manual_seed(1))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    losses = []
    for images, labels in zip(data.train_images.split(16), data.train_labels.split(16), strict=True):  # type: ignore[no-untyped-call]
        losses.append(way.gradient(normalize(to_unit(images)), labels)[0].item())
        optimizer.step()
    return way.name, losses, way.scores(normalize(to_unit(data.test_images)))
