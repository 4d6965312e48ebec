"""The compiled engine owns its memory: it gives it back once, in no step's way, and refuses what it cannot read."""

import ctypes
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import torch
import torch.nn.functional as F
from exact_twin import noisy_digits, with_its_exact_twin
from torch import Tensor

from lab.compute.native import engine as native_engine
from lab.compute.native.build import library
from lab.compute.native.engine import Engine, fits
from lab.mnist import Mnist
from lab.network import build_network
from lab.steps import step

pytestmark = [
    pytest.mark.skipif(library() is None, reason="no C compiler: PyTorch is all there is"),
    pytest.mark.usefixtures("in_child"),
]

ROOT = Path(__file__).parents[2]


def an_engine() -> Engine:
    """Step 2's, for batches of 13."""
    config = step(2).config.network
    return Engine(config, build_network(config, 1), 13)


def test_a_closed_engine_computes_nothing_more_and_may_be_closed_again(thirteen: tuple[Tensor, Tensor]) -> None:
    engine = an_engine()
    engine.close()
    engine.close()
    with pytest.raises(ValueError, match="The engine is closed"):
        engine.iterate(*thirteen, seed=0)
    with pytest.raises(ValueError, match="The engine is closed"):
        engine.scores(thirteen[0])


def test_closing_waits_for_the_step_that_another_thread_is_in(mnist: Mnist) -> None:
    """Steps and closings at the same time: a step is whole or refused, and nothing crashes."""
    images, labels = noisy_digits(mnist, 13, "a black background")
    for _ in range(20):
        engine = an_engine()
        begun = Event()

        def steps(engine: Engine = engine, begun: Event = begun) -> int:
            done = 0
            while True:
                begun.set()
                try:
                    engine.iterate(images, labels, seed=done)
                except ValueError:
                    return done
                done += 1

        with ThreadPoolExecutor(2) as pool:
            counts = [pool.submit(steps) for _ in range(2)]
            begun.wait()
            engine.close()
            assert all(count.result() >= 0 for count in counts)


def test_what_it_points_to_stays_while_it_is_there(thirteen: tuple[Tensor, Tensor]) -> None:
    config = replace(step(2).config.network, batch_norm=True)
    network, exact = with_its_exact_twin(config)
    engine = Engine(config, network, 13)
    gradients = [parameter.grad for parameter in network.parameters()]
    network.zero_grad(set_to_none=True)
    del network
    engine.iterate(*thirteen, seed=0)
    F.cross_entropy(exact(thirteen[0].double()), thirteen[1]).backward()  # type: ignore[no-untyped-call]
    for mine, theirs in zip(gradients, exact.parameters(), strict=True):
        assert mine is not None
        assert theirs.grad is not None
        assert torch.allclose(mine.double(), theirs.grad, atol=1e-4)


@pytest.mark.parametrize(
    "images",
    [
        torch.zeros(14, 1, 28, 28),
        torch.zeros(0, 1, 28, 28),
        torch.zeros(13, 1, 27, 28),
        torch.zeros(13, 1, 28, 28, dtype=torch.float64),
    ],
    ids=["more than the batch", "none", "another size", "float64"],
)
def test_what_c_would_read_wrongly_is_refused(images: Tensor) -> None:
    engine = an_engine()
    with pytest.raises(ValueError, match="1 to 13 images of 28x28 float32 pixels on the CPU, not torch"):
        engine.iterate(images, torch.zeros(len(images), dtype=torch.int64), seed=0)


def test_labels_of_another_number_or_type_are_refused(thirteen: tuple[Tensor, Tensor]) -> None:
    engine = an_engine()
    for labels in (thirteen[1][:5], thirteen[1].int()):
        with pytest.raises(ValueError, match="13 images need as many int64 labels, not"):
            engine.iterate(thirteen[0], labels, seed=0)


def test_a_library_whose_layers_have_another_size_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Larger(native_engine._Layer):
        _fields_ = (("more", ctypes.c_int64),)

    monkeypatch.setattr(native_engine, "_Layer", Larger)
    native_engine._declared.cache_clear()
    assert not fits(step(2).config.network)
    assert "The compiled engine is not used: its layers have 112 bytes, described are 120." in caplog.text
    native_engine._declared.cache_clear()


# Of a network without batch norm: to count its batches is one of PyTorch's operations, and a daemon thread that comes
# back from one into an interpreter that has ended is aborted by C++, whatever the engine does.
ENDING = """
import threading, torch
from lab.compute.native.engine import Engine
from lab.network import build_network
from lab.steps import step
config = step(2).config.network
engine = Engine(config, build_network(config, 1), 64)
images, labels, begun = torch.randn(64, 1, 28, 28), torch.zeros(64, dtype=torch.int64), threading.Event()
def steps():
    while True:
        engine.iterate(images, labels, 0)
        begun.set()
threading.Thread(target=steps, daemon=True).start()
begun.wait()
"""


def python(code: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_the_end_of_the_process_disturbs_no_step_that_a_thread_is_in(in_child: str) -> None:
    for _ in range(3):
        ended = [
            (process, *process.communicate()) for process in [python(in_child + ENDING), python(in_child + ENDING)]
        ]
        assert [(process.returncode, said) for process, _, said in ended] == [(0, "")] * 2


TOO_LARGE = """
import resource
from lab.compute.native.engine import Engine
from lab.network import build_network
from lab.network_config import NetworkConfig, conv
from pathlib import Path
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + 2_400_000_000  # more than the second network itself takes, with its gradients
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for layers in [(conv(1024, 3), conv(1024, 3), conv(10, 3)), (conv(1024, 12), conv(1024, 12), conv(10, 3))]:
    config = NetworkConfig(layers=layers)
    try:
        Engine(config, build_network(config, 1), 1024)
    except MemoryError as error:
        print(error)
"""


def test_memory_that_is_refused_is_an_exception(in_child: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", in_child + TOO_LARGE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    sentence = "There is not enough memory for this network and batch size."
    assert done.stdout.splitlines() == [sentence] * 2
