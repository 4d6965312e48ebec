"""The engine's own threads, for where PyTorch's cannot be reached: they end with it, and sleep when it does nothing.

That they compute the same is said by test_native_engine.py and test_native_reading.py, which run on both.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from exact_twin import noisy_digits, with_its_exact_twin
from examples import wait_until
from test_native_sanitized import DRIVER, FLAGS, NETWORKS, driven, lines

from lab.compute.native import build
from lab.compute.native import engine as native_engine
from lab.compute.native.engine import Engine
from lab.mnist import Mnist
from lab.network import build_network
from lab.network_config import NetworkConfig, conv
from lab.steps import step

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at threads as Linux shows them")

ROOT = Path(__file__).parents[2]
TASKS = Path("/proc/self/task")


@pytest.fixture(autouse=True)
def own_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An engine is made for three threads, all its own."""
    own = ctypes.CDLL(str(build.build(own_threads=True)))
    monkeypatch.setattr(native_engine, "library", lambda: own)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def tasks() -> set[str]:
    """The threads of this process."""
    return {path.name for path in TASKS.iterdir()}


def sleeps(task: str) -> bool:
    return (TASKS / task / "stat").read_text().rpartition(")")[2].split()[0] == "S"


def blocked_signals(task: str) -> int:
    lines = (TASKS / task / "status").read_text().splitlines()
    return next(int(line.split()[1], 16) for line in lines if line.startswith("SigBlk"))


def test_they_sleep_between_steps_and_end_with_the_engine(mnist: Mnist) -> None:
    before = tasks()
    network, _ = with_its_exact_twin(step(2).config.network)
    engine = Engine(step(2).config.network, network, 13)
    engine.iterate(*noisy_digits(mnist, 13, "a black background"), seed=0)
    helpers = tasks() - before
    assert len(helpers) == 2  # the third thread is the caller's
    wait_until(lambda: all(sleeps(task) for task in helpers))
    engine.close()
    wait_until(lambda: not helpers & tasks())  # a joined thread stays in the kernel's list for a moment


def test_ctrl_c_is_left_to_pythons_main_thread() -> None:
    before = tasks()
    network, _ = with_its_exact_twin(step(2).config.network)
    engine = Engine(step(2).config.network, network, 13)
    for helper in tasks() - before:
        assert blocked_signals(helper) >> 1 & 1  # SIGINT, number 2
    engine.close()


def test_a_helper_treats_tiny_numbers_as_the_thread_does_that_it_helps() -> None:
    """Below 1e-38 they are zeros or not, by a setting of each thread: the caller's holds for all."""
    config = NetworkConfig(layers=(conv(10, 3),))
    network = build_network(config, seed=1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1e-39)
    engine = Engine(config, network, 64)
    images = torch.ones(64, 1, 28, 28)
    try:
        for zeros in (True, False):
            assert torch.set_flush_denormal(zeros)
            for _ in range(20):
                assert engine.scores(images).view(torch.int32).eq(0).all() == zeros
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
def test_no_two_of_them_touch_the_same_memory_at_once(sanitizer: str, tmp_path: Path) -> None:
    """Nor what is not theirs, and none is left when the engine is freed: what sanitizers see of some steps."""
    gcc, driver = shutil.which("gcc"), tmp_path / "driver"
    if gcc is None:
        assert "CI" not in os.environ, "CI has gcc: see .ci/run"
        pytest.skip("no gcc")
    command = [gcc, *FLAGS, "-DOWN_THREADS", f"-fsanitize={sanitizer}", "-o", str(driver), str(DRIVER)]
    subprocess.run([*command, "-lm", "-lpthread"], check=True)
    names = ("step 2", "every pooling", "a 1x1 stem")
    losses = driven(driver, *(lines(replace(NETWORKS[name], dropout=0.3), 5) for name in names))
    assert len(losses) == len(names)


def test_on_windows_pytorchs_threads_sleep_while_the_engines_own_compute() -> None:
    code = "import os, sys; sys.platform = 'win32'; import lab; print(os.environ['KMP_BLOCKTIME'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_fewer_threads_than_it_was_made_for_give_the_same_bits(mnist: Mnist) -> None:
    """The others then only look on."""
    config, batch = replace(step(2).config.network, dropout=0.2), noisy_digits(mnist, 13, "a black background")
    network, _ = with_its_exact_twin(config)
    engine, gradients = Engine(config, network, 13), []
    for count in (3, 2, 1, 3):
        torch.set_num_threads(count)
        engine.iterate(*batch, seed=7)
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]))
    assert all(torch.equal(gradients[0], other) for other in gradients[1:])
