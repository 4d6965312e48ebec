"""What every test shares: a database of its own, one thread of arithmetic, and a few small data sets."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch; subprocesses inherit it, so their sums are added in the same order

import ctypes
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent.parent))  # `pytest` alone, unlike `python -m pytest`, does not find lab

from claiming import claimed, say
from exact_twin import PICTURES, noisy_digits
from examples import digits, tiny_run
from torch import Tensor
from workers import StartWorker

from lab import jobs
from lab.compute.native import build
from lab.compute.native import engine as native_engine
from lab.jobs import Worker
from lab.mnist import Mnist, load_mnist
from lab.store import Store, open_store, worker_name
from lab.training import train

torch.set_num_threads(1)
# What a script runs in its background ignores Ctrl-C, and so would all that it starts: the tests end processes with it.
signal.signal(signal.SIGINT, signal.default_int_handler)
hypothesis.settings.register_profile(
    "lab", max_examples=40, deadline=None, database=None, derandomize="CI" in os.environ, print_blob=True
)
hypothesis.settings.load_profile("lab")


@pytest.fixture(autouse=True)
def database_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test has its own empty database, and the shipped data."""
    url = f"sqlite:///{tmp_path / 'runs' / 'lab.sqlite3'}"
    monkeypatch.setenv("LAB_DATABASE_URL", url)
    monkeypatch.delenv("LAB_DATA_DIR", raising=False)
    return url


@pytest.fixture(autouse=True)
def _process_stays_as_it_was() -> Iterator[None]:
    """AppTest calls the pages' script the process's main module, which every new process would run; and a thread that
    has trained treats tiny numbers as zeros, which Hypothesis cannot draw then.
    """
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
    torch.set_flush_denormal(False)


@pytest.fixture
def store() -> Store:
    return open_store()


@pytest.fixture
def untouched_randomness() -> Iterator[None]:
    """Fails a test that has drawn from, or seeded, the process-wide generator."""
    before = torch.get_rng_state()
    yield
    assert torch.equal(torch.get_rng_state(), before), "the process-wide generator was used"


@pytest.fixture(scope="session")
def mnist() -> Mnist:
    """The real data."""
    return load_mnist()


@pytest.fixture(scope="session")
def few(mnist: Mnist) -> Mnist:
    """48 training and 30 test digits, enough to tell whether two runs are the same run."""
    return digits(mnist, training=48, test=30)


@pytest.fixture(scope="session")
def zeros_and_ones(mnist: Mnist) -> Mnist:
    """200 training and 100 test digits, all of them 0 or 1: easy to learn."""
    return digits(mnist, training=200, test=100, labels=(0, 1))


@pytest.fixture(scope="session")
def dead_worker() -> str:
    """A worker of a process on this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{socket.gethostname()}:{process.pid}:gone"


OWN_THREADS = """
import ctypes
from lab.compute.native import build, engine
own = ctypes.CDLL(str(build.build(own_threads=True)))
engine.library = lambda: own
"""


@pytest.fixture(scope="module", params=["PyTorch's threads", "its own threads"])
def in_child(request: pytest.FixtureRequest) -> Iterator[str]:
    """A test of the compiled engine also holds where PyTorch's threads cannot be reached; code for a new process."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "its own threads":
            own = ctypes.CDLL(str(build.build(own_threads=True)))
            patch.setattr(native_engine, "library", lambda: own)
            yield OWN_THREADS
        else:
            yield ""


@pytest.fixture(params=PICTURES)
def thirteen(mnist: Mnist, request: pytest.FixtureRequest) -> tuple[Tensor, Tensor]:
    """13 digits, more in some groups of the compiled engine than in others."""
    return noisy_digits(mnist, 13, request.param)


@pytest.fixture
def trained(store: Store, few: Mnist) -> int:
    """A finished run of three epochs, evaluated on 30 test images."""
    run_id = store.submit(tiny_run(), "mine")
    claimed(store, run_id, f"{worker_name()}:test")
    say(store, run_id, *train(tiny_run(), few))
    return run_id


@pytest.fixture
def start_worker(store: Store, few: Mnist, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartWorker]:
    """Starts a worker of the CPU on a few digits; whatever still trains is stopped at the end of the test."""
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    started: list[Worker] = []

    def start(only: int | None = None) -> Worker:
        started.append(Worker(store, "cpu", only=only))
        started[-1].start()
        return started[-1]

    yield start
    for run in store.runs():
        store.send(run.id, "stop")
    for worker in started:
        worker.end()
        assert not worker.is_alive()
