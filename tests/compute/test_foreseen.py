"""What `lab.memory` says of the engines without asking them is what they do."""

import pytest
from examples import possible_networks, tiny_run
from hypothesis import assume, given

from lab.compute.native.engine import Engine, fits
from lab.compute.stem import fold_stem
from lab.config import NetworkConfig
from lab.engine_memory import begins_with_stem, compiled_bytes
from lab.memory import expected_engine
from lab.network import build_network
from lab.steps import step


@pytest.mark.parametrize("batch", [1, 64, 1000])
@pytest.mark.parametrize("number", range(1, 8))
def test_the_engine_in_c_asks_for_what_is_foreseen(number: int, batch: int) -> None:
    """At most a quarter more: the processor's vectors may be shorter than the widest."""
    network = step(number).config.network
    engine = Engine(network, build_network(network, seed=1), batch)
    assert engine.bytes() <= compiled_bytes(network, batch, threads=1) * 1.01 + 50_000
    assert compiled_bytes(network, batch, threads=1) <= 1.25 * engine.bytes() + 50_000


@given(network=possible_networks() | possible_networks(most_channels=100))
def test_the_engine_in_c_never_asks_for_more(network: NetworkConfig) -> None:
    assume(fits(network))
    engine = Engine(network, build_network(network, seed=1), 7)
    assert engine.bytes() <= compiled_bytes(network, 7, threads=1) * 1.01 + 100_000


@given(network=possible_networks())
def test_what_is_folded_is_foreseen(network: NetworkConfig) -> None:
    config = tiny_run(network=network)
    folded = fold_stem(build_network(network, seed=1)) is not None
    assert begins_with_stem(network) == folded
    assert (expected_engine(config, compiled=False) == "folded") == folded
