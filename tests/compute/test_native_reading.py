"""The compiled engine reads an image as PyTorch does, whatever other images are read beside it."""

from dataclasses import replace

import pytest
import torch
from any_config import possible_networks
from engines import NETWORKS, pair
from exact_twin import PICTURES, assert_close, noisy_digits
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from lab.compute.native.build import library
from lab.compute.native.engine import fits
from lab.mnist import Mnist
from lab.network_config import NetworkConfig
from lab.steps import step

pytestmark = [
    pytest.mark.skipif(library() is None, reason="no C compiler: PyTorch is all there is"),
    pytest.mark.usefixtures("in_child"),
]


@pytest.mark.parametrize("name", NETWORKS)
def test_scores_in_eval_mode_equal_those_of_pytorch(name: str, thirteen: tuple[Tensor, Tensor]) -> None:
    images, labels = thirteen
    engine, network, exact = pair(
        replace(NETWORKS[name], batch_norm=True, dropout=0.3), batch_size=5
    )  # 5 + 5 + 3 images
    engine.iterate(images[:5], labels[:5], seed=0)
    exact.load_state_dict(network.state_dict())  # with the statistics of that step
    with torch.no_grad():
        expected = exact.eval()(images.double())
    assert_close(engine.scores(images), expected, max(1.0, expected.abs().max().item()))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("pictures", PICTURES)
@pytest.mark.parametrize("name", [*NETWORKS, "step 5"])
def test_an_image_has_the_same_scores_however_many_are_read_beside_it(
    name: str, pictures: str, threads: int, mnist: Mnist
) -> None:
    """Of many only what is not background is computed; of few, or of one, everything."""
    images, _ = noisy_digits(mnist, 40, pictures)
    network = replace({**NETWORKS, "step 5": step(5).config.network}[name], dropout=0.0)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)  # for some of these, more than there are images
        engine = pair(network, batch_size=1)[0]
        alone = torch.cat([engine.scores(image) for image in torch.split(images, 1)])
        for count in (40, 2, 15, 16, 40):
            assert torch.equal(engine.scores(images[:count]), alone[:count])
    finally:
        torch.set_num_threads(before)


@given(config=possible_networks() | possible_networks(most_channels=40), pictures=st.sampled_from(PICTURES))
def test_an_image_has_the_same_scores_beside_others_with_any_network(
    mnist: Mnist, config: NetworkConfig, pictures: str
) -> None:
    assume(fits(config))
    images, _ = noisy_digits(mnist, 20, pictures)
    engine, _, _ = pair(replace(config, dropout=0.0), batch_size=1)
    assert torch.equal(engine.scores(images), torch.cat([engine.scores(image) for image in torch.split(images, 1)]))
