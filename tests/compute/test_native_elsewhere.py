"""The engine on the machines that students have: compiled for them here, and run where an emulator can.

Windows' library runs under Wine, that for ARM processors (its vectors are those of a Mac's) under QEMU: the same
steps, held against PyTorch in float64 as closely as on this machine. Nothing here runs macOS.
"""

import ctypes
import io
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from engines import NETWORKS
from exact_twin import (
    PICTURES,
    assert_close,
    assert_same_gradients_and_statistics,
    clear_of_kinks,
    noisy_digits,
    with_its_exact_twin,
)
from torch import Tensor, nn

from lab.compute.native import build
from lab.compute.native.engine import _POINTERS, _describe, _Layer
from lab.mnist import Mnist
from lab.network_config import NetworkConfig

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="compiled and emulated on Linux only")

DRIVER = Path(__file__).parent / "elsewhere" / "driver.c"
WINDOWS, ARM, MAC = "x86_64-windows-gnu", "aarch64-linux-gnu", "aarch64-macos"
ARM_LIBRARIES = "/usr/aarch64-linux-gnu"
DROPOUT_SEED = 7
FUNCTIONS = (
    "engine_new",
    "engine_iterate",
    "engine_scores",
    "engine_free",
    "engine_use_threads",
    "engine_knows_halves",
    "engine_use_halves",
)

Compile = Callable[[Path, list[str], Path], None]
"""Compiles a source, with options, to a file: with the packaged compiler."""


@pytest.fixture(scope="module")
def compile_for(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """What the compiler has once compiled for a system is kept for the tests here."""
    cache = str(tmp_path_factory.mktemp("zig"))
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}

    def compile_for(source: Path, options: list[str], made: Path) -> None:
        command = [sys.executable, "-m", build.PACKAGED, "cc", str(source), *options, "-o", str(made)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr

    return compile_for


# --- compiled -----------------------------------------------------------------------------------------------------


def test_a_library_for_windows_has_the_functions_and_needs_nothing_but_windows(
    compile_for: Compile, tmp_path: Path
) -> None:
    file = tmp_path / "engine.dll"
    compile_for(build.SOURCES[0], build.options(True, WINDOWS), file)
    made = file.read_bytes()
    assert made.startswith(b"MZ")
    [header] = struct.unpack_from("<I", made, 0x3C)
    assert made[header : header + 6] == b"PE\0\0" + struct.pack("<H", 0x8664)  # x86-64
    for name in FUNCTIONS:
        assert name.encode() in made
    assert {word.lower() for word in made.split(b"\0") if word.lower().endswith(b".dll")} <= {
        b"engine.dll",
        b"kernel32.dll",
        b"ucrtbase.dll",
    }


@pytest.mark.parametrize("own_threads", [True, False], ids=["its own threads", "PyTorch's threads"])
def test_a_library_for_a_mac_has_the_functions_and_leaves_openmps_to_be_found(
    own_threads: bool, compile_for: Compile, tmp_path: Path
) -> None:
    file = tmp_path / "engine.dylib"
    compile_for(build.SOURCES[0], build.options(own_threads, MAC, processor="apple_m1"), file)
    made = file.read_bytes()
    assert struct.unpack_from("<II", made) == (0xFEEDFACF, 0x0100000C)  # 64 bits, ARM
    for name in FUNCTIONS:
        assert b"_" + name.encode() in made
    for name in build.OPENMP:
        assert (b"_" + name.encode() in made) is not own_threads


# --- run ----------------------------------------------------------------------------------------------------------


def emulator(*names: str) -> str:
    """The first of `names` that is here; in CI a missing one is a fault."""
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        reason = f"no emulator: install {names[0]} (.ci/run says how)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


Machine = Callable[[Path], None]
"""Runs the driver, on the file `cases` in a folder."""


def windows(compile_for: Compile, folder: Path, processor: str) -> Machine:
    """Wine, with the library for `processor` as a file that is loaded."""
    wine = emulator("wine64", "/usr/lib/wine/wine64", "wine")
    options = build.options(True, WINDOWS, processor)
    compile_for(build.SOURCES[0], options, folder / "engine.dll")
    program = [option for option in options if option != "-shared"]
    compile_for(DRIVER, [*program, f"-I{build.FOLDER}"], folder / "driver.exe")
    environment = {**os.environ, "WINEPREFIX": str(folder / "wine"), "WINEDEBUG": "-all", "WINEPATH": str(folder)}
    return partial(_run, [wine, str(folder / "driver.exe")], environment)


def arm(compile_for: Compile, folder: Path, processor: str) -> Machine:
    """QEMU, with the engine compiled into the driver."""
    qemu = emulator("qemu-aarch64-static", "qemu-aarch64")
    options = [option for option in build.options(True, ARM, processor) if option != "-shared"]
    compile_for(DRIVER, [*options, f"-I{build.FOLDER}"], folder / "driver")
    return partial(_run, [qemu, "-L", ARM_LIBRARIES, str(folder / "driver")], dict(os.environ))


MACHINES = {
    "Windows": partial(windows, processor="native"),
    "Windows, an old processor": partial(windows, processor="x86_64"),
    "ARM": partial(arm, processor="generic"),
}


@pytest.fixture(scope="module", params=MACHINES)
def machine(compile_for: Compile, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Machine:
    return MACHINES[request.param](compile_for, tmp_path_factory.mktemp("machine"))


def _run(command: list[str], environment: dict[str, str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


class Case:
    """A step that the driver takes: a network's numbers in one row, where its layers point into, and a batch."""

    def __init__(self, config: NetworkConfig, images: Tensor, labels: Tensor, threads: int) -> None:
        self.network, self.exact = with_its_exact_twin(config)
        images = clear_of_kinks(self.exact, images)
        self.images, self.labels, self.threads = images, labels, threads
        for parameter in self.network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        self.layers = _describe(config, self.network)
        gradients = [parameter.grad for parameter in self.network.parameters()]
        norms = [module for module in self.network if isinstance(module, nn.BatchNorm2d)]
        statistics = [tensor for norm in norms for tensor in (norm.running_mean, norm.running_var)]
        self.tensors = [
            tensor for tensor in [*self.network.parameters(), *gradients, *statistics] if tensor is not None
        ]
        self.loss, self.correct, self.scores = 0.0, 0, torch.empty(len(images), 10)

    def written(self) -> bytes:
        """As the driver reads it: its `Head`, `Described`, the numbers, images and labels."""
        places, floats = {0: -1}, 0
        for tensor in self.tensors:
            places[tensor.data_ptr()], floats = floats, floats + tensor.numel()
        head = struct.pack("<iiiIq", len(self.layers), len(self.images), self.threads, DROPOUT_SEED, floats)
        described = [
            bytes(layer)[: _Layer.weight.offset]
            + struct.pack("<10q", *(places[getattr(layer, name) or 0] for name in _POINTERS))
            for layer in self.layers
        ]
        numbers = [tensor.detach().numpy().tobytes() for tensor in (*self.tensors, self.images, self.labels)]
        return b"".join([head, *described, *numbers])

    def read(self, answers: io.BytesIO) -> None:
        """Take over what the driver answers: the network is then as after the step."""
        self.loss, self.correct = struct.unpack("<dq", answers.read(16))
        for tensor in (*self.tensors, self.scores):
            ctypes.memmove(tensor.data_ptr(), answers.read(4 * tensor.numel()), 4 * tensor.numel())


def taken(machine: Machine, folder: Path, cases: list[Case]) -> list[Case]:
    """The cases, after the machine has taken their steps."""
    (folder / "cases").write_bytes(b"".join(case.written() for case in cases))
    machine(folder)
    answers = io.BytesIO((folder / "answers").read_bytes())
    for case in cases:
        case.read(answers)
    assert not answers.read()
    return cases


def test_a_step_there_equals_that_of_pytorch_in_float64(machine: Machine, tmp_path: Path, mnist: Mnist) -> None:
    digits = {"step 1": 3}  # it takes more multiplications than all the others, and an emulator takes its time
    cases = [
        Case(
            replace(config, batch_norm=batch_norm, dropout=0.0),
            *noisy_digits(mnist, digits.get(name, 13), pictures),
            threads=2,
        )
        for name, config in NETWORKS.items()
        for batch_norm, pictures in ((False, PICTURES[1]), (True, PICTURES[0]))
        if name != "step 6"  # with dropout off it is step 2
    ]
    for case in taken(machine, tmp_path, cases):
        scores = case.exact(case.images.double())
        loss = F.cross_entropy(scores, case.labels)
        loss.backward()  # type: ignore[no-untyped-call]
        assert case.loss / len(case.labels) == pytest.approx(loss.item(), rel=1e-6)
        assert case.correct == (scores.argmax(1) == case.labels).sum()
        for mine, theirs in zip(case.network.buffers(), case.exact.buffers(), strict=True):
            if mine.dtype == torch.int64:  # the batches it has seen, which Python counts
                mine.copy_(theirs)
        assert_same_gradients_and_statistics(case.network, case.exact)
        with torch.no_grad():
            expected = case.exact.eval()(case.images.double())
        assert_close(case.scores, expected, max(1.0, expected.abs().max().item()))


def test_a_step_there_has_the_same_bits_whatever_the_number_of_threads(
    machine: Machine, tmp_path: Path, mnist: Mnist
) -> None:
    config = replace(NETWORKS["step 2"], batch_norm=True, dropout=0.2)
    batch = noisy_digits(mnist, 5, PICTURES[0])
    cases = [Case(config, *batch, threads) for threads in (1, 2, 3, 16)]
    assert all(torch.equal(case.images, cases[0].images) for case in cases)
    first, *others = taken(machine, tmp_path, cases)
    for other in others:
        assert (other.loss, other.correct) == (first.loss, first.correct)
        for mine, theirs in zip((*first.tensors, first.scores), (*other.tensors, other.scores), strict=True):
            assert torch.equal(mine, theirs)
