"""The engine under the compilers' sanitizers: no read or write outside an array, no overflow, nothing left unfreed.

With gcc or clang both AddressSanitizer and UndefinedBehaviorSanitizer watch, which CI insists on (.ci/run installs
gcc); where neither is, the packaged compiler has the second alone.
"""

import math
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from any_config import possible_networks
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from lab.compute.native import build
from lab.compute.native.engine import KINDS
from lab.layers import layer_table, pooled_last
from lab.network_config import Biases, LayerSpec, NetworkConfig, conv, linear, max_pool
from lab.steps import step

DRIVER = Path(__file__).parent / "driver.c"
FLAGS = ("-O1", "-g", "-march=native", "-std=gnu11", f"-I{build.FOLDER}", "-fno-sanitize-recover=all")
LARGEST_BLOCK_MB = 1024
"""More in one piece is refused by AddressSanitizer here, as by a machine that has no more."""

AVERAGE = LayerSpec(kind="average_pool", kernel=3, stride=2, padding=1)
NETWORKS = {
    **{f"step {number}": step(number).config.network for number in (2, 5, 6)},
    "step 1, smaller": NetworkConfig(
        layers=(conv(17, 3, padding=1), conv(33, 3), max_pool(), conv(24, 3), conv(40, 3, padding=3), linear())
    ),
    "kernel 12": NetworkConfig(layers=(conv(5, 12, padding=3), conv(10, 12)), batch_norm=True),
    "a kernel as large as the picture": NetworkConfig(layers=(conv(10, 28),)),
    "a 1x1 map": NetworkConfig(layers=(conv(6, 28), conv(10, 1)), batch_norm=True),
    "a 1x1 stem": NetworkConfig(layers=(conv(33, 1), conv(17, 1), conv(10, 9, stride=9)), batch_norm=True),
    "a stem with much padding": NetworkConfig(layers=(conv(9, 3, padding=14), conv(3, 1), max_pool(5, 3), conv(10, 2))),
    "a stem of kernel 17": NetworkConfig(layers=(conv(8, 17, padding=5), conv(9, 1), conv(10, 3)), batch_norm=True),
    "strides beyond the kernel": NetworkConfig(layers=(conv(7, 2, stride=5), conv(10, 3, stride=9, padding=2))),
    "padding beyond the kernel": NetworkConfig(layers=(conv(8, 3), conv(20, 1, padding=4), conv(10, 2, padding=9))),
    "small maps of large inputs": NetworkConfig(
        layers=(conv(20, 3), conv(9, 9, padding=3, stride=2), conv(3, 6), conv(17, 3, stride=2, padding=9), conv(10, 8))
    ),
    "every pooling": NetworkConfig(layers=(conv(4, 3), AVERAGE, max_pool(3, 1), conv(10, 3), max_pool(5, 4))),
    "a linear layer": NetworkConfig(layers=(conv(7, 3), max_pool(), conv(9, 3), linear()), batch_norm=True),
    "1024 channels": NetworkConfig(layers=(conv(1024, 12, stride=4), conv(10, 5)), batch_norm=True),
    "1024 channels in a stem": NetworkConfig(layers=(conv(1024, 28), conv(500, 1), conv(10, 1))),
}


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver, compiled with the sanitizers that there are."""
    made = tmp_path_factory.mktemp("sanitized") / "driver"
    for compiler in [found for found in map(shutil.which, ("gcc", "clang")) if found]:
        command = [compiler, *FLAGS, "-fsanitize=address,undefined", "-o", str(made), str(DRIVER), "-lm", "-lpthread"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return made
    assert "CI" not in os.environ, "CI has a compiler with AddressSanitizer: see .ci/run"
    packaged = build._compilers()[-1]
    subprocess.run([*packaged, *FLAGS, "-fsanitize=undefined", "-o", str(made), str(DRIVER), "-lm"], check=True)
    return made


def test_nothing_in_it_is_left_over(tmp_path: Path) -> None:
    """Every variable and function of the engine is used, whichever threads it computes on."""
    compiler = next(iter(build._compilers()))
    for threads in ([], ["-DOWN_THREADS"]):
        command = [*compiler, *FLAGS, *threads, "-Wunused", "-Werror=unused", "-c", str(DRIVER)]
        done = subprocess.run([*command, "-o", str(tmp_path / "driver.o")], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def lines(config: NetworkConfig, batch: int) -> str:
    """A network as the driver reads it."""
    rows = layer_table(pooled_last(config))[:-1]
    text = [f"{batch} {len(rows)}"]
    for row in rows:
        norm, relu = int("batch norm" in row.extras), int("ReLU" in row.extras)
        dropout = config.dropout if "dropout" in row.extras else 0.0
        channels = row.output_shape[0] if row.kind == "conv" else 0
        shape = f"{row.kernel} {row.stride} {row.padding} {channels} {norm} {relu} {dropout} {int(row.bias)}"
        text.append(f"{KINDS[row.kind]} {shape} {row.input_shape[0]} {row.output_shape[0]}")
    return "\n".join(text)


def driven(driver: Path, *networks: str) -> list[str]:
    """What the driver prints of each network; a sanitizer's word ends it."""
    options = f"detect_leaks=1:allocator_may_return_null=1:max_allocation_size_mb={LARGEST_BLOCK_MB}"
    environment = {**os.environ, "ASAN_OPTIONS": options, "UBSAN_OPTIONS": "print_stacktrace=1"}
    done = subprocess.run(
        [str(driver)], input="\n".join(networks), capture_output=True, text=True, check=False, env=environment
    )
    said = [line for line in done.stderr.splitlines() if "failed to allocate" not in line and "WARNING" not in line]
    assert done.returncode == 0, "\n".join(said[:30])
    return done.stdout.split()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_touches_nothing_but_its_own(driver: Path, name: str) -> None:
    networks = [replace(NETWORKS[name], dropout=0.3, bias=bias) for bias in get_args(Biases)]
    losses = driven(driver, *(lines(config, 3) for config in networks))
    assert all(math.isfinite(float(loss)) for loss in losses)


@given(
    networks=st.lists(
        st.tuples(possible_networks() | possible_networks(most_channels=40), st.integers(1, 19)), min_size=5, max_size=5
    )
)
@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_network_that_begins_with_a_convolution_touches_nothing_but_its_own(
    driver: Path, networks: list[tuple[NetworkConfig, int]]
) -> None:
    served = [(config, batch) for config, batch in networks if config.layers[0].kind == "conv"]
    assume(served)
    assert len(driven(driver, *(lines(config, batch) for config, batch in served))) == len(served)


LARGE = {
    "1024 channels, batch 1024": (NetworkConfig(layers=(conv(1024, 3), conv(1024, 3), conv(10, 3))), 1024),
    "1024 channels, batch 1": (NetworkConfig(layers=(conv(1024, 3), conv(1024, 3), conv(10, 3))), 1),
    "a batch that no memory holds": (step(5).config.network, 2_000_000_000),
}


@pytest.mark.parametrize("name", LARGE)
def test_memory_that_is_refused_leaves_nothing_behind(driver: Path, name: str) -> None:
    """What had been got before is freed, and no size has overflowed on the way."""
    described = lines(*LARGE[name])
    if b"asan" in driver.read_bytes():
        assert driven(driver, described, lines(step(2).config.network, 3))[0] == "refused"
