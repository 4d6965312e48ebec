"""Deslanted images stand upright, whoever reads them: in training, in evaluation and as drawings."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from examples import tiny_run
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from lab.compute import read_scores
from lab.deslant import MOST, as_seen, deslanted, picture_as_seen, slants
from lab.events import Epoch
from lab.mnist import Mnist, normalize, to_unit
from lab.network import build_network
from lab.network_config import NetworkConfig, conv
from lab.predict import Predictor
from lab.probe import layer_maps
from lab.training import train

PLAIN = NetworkConfig(layers=(conv(4, 5), conv(10, 24)))
UPRIGHT = replace(PLAIN, deslant=True)


def image(*ink: tuple[int, int]) -> Tensor:
    """One image with a full pixel in each (row, column)."""
    pixels = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    for row, column in ink:
        pixels[0, 0, row, column] = 255
    return pixels


def test_a_stroke_that_moves_two_columns_in_four_rows_leans_by_half_a_column_a_row() -> None:
    """Columns 12, 13 and 14 in rows 16, 14 and 12: to the right on the way up, as most people write."""
    leaning = image((16, 12), (14, 13), (12, 14))
    assert slants(leaning).tolist() == [0.5]
    upright = deslanted(leaning)[0, 0]
    assert [tuple(place) for place in upright.nonzero().tolist()] == [(12, 13), (14, 13), (16, 13)]
    assert upright.max() == 255


def test_half_a_column_is_shared_by_two_pixels() -> None:
    """Rows 11 and 17 of this stroke lie 3 from its middle: 1.5 columns at a slant of a half."""
    leaning = image((11, 15), (14, 13), (17, 12))
    assert slants(leaning).tolist() == [pytest.approx(0.5)]
    assert deslanted(leaning)[0, 0, 11].nonzero().flatten().tolist() == [13, 14]


def test_what_stands_upright_stays_as_it_is() -> None:
    for upright in (image((10, 14), (18, 14)), image((14, 9), (14, 19)), image()):  # a stroke, a dash, nothing
        assert torch.equal(deslanted(upright), upright)


def test_no_digit_is_sheared_by_more_than_a_column_a_row() -> None:
    assert slants(image((13, 20), (14, 8))).tolist() == [MOST]
    assert slants(image((13, 8), (14, 20))).tolist() == [-MOST]


def test_mnists_digits_lean_by_a_quarter_column_a_row_and_then_by_none(mnist: Mnist) -> None:
    digits = mnist.train_images[:500]
    assert slants(digits).abs().mean() > 0.15
    assert slants(deslanted(digits)).abs().median() < 0.005


@settings(deadline=None, max_examples=40)
@given(arrays(np.uint8, (2, 1, 28, 28), elements=st.sampled_from([0, 0, 0, 90, 255])))
def test_the_centre_of_mass_stays_in_its_row_and_no_ink_is_made(pixels: np.ndarray) -> None:
    before = torch.from_numpy(pixels)
    after = deslanted(before)
    assert after.dtype == torch.uint8 and after.shape == before.shape
    assert bool((after.double().sum(3) <= before.double().sum(3) + 14).all())  # 28 pixels, rounded by a half each


def test_images_are_deslanted_alike_however_many_there_are(mnist: Mnist) -> None:
    images = mnist.test_images[:1100]
    together = deslanted(images)
    assert torch.equal(together[[3, 1050]], deslanted(images[[3, 1050]]))
    assert deslanted(images[:0]).shape == (0, 1, 28, 28)


def test_only_a_network_that_deslants_is_given_other_images(mnist: Mnist) -> None:
    images = mnist.test_images[:8]
    assert torch.equal(as_seen(images, PLAIN), images)
    assert torch.equal(as_seen(images, UPRIGHT), deslanted(images))
    assert torch.equal(picture_as_seen(to_unit(images), PLAIN), to_unit(images))
    assert torch.equal(picture_as_seen(to_unit(images), UPRIGHT), to_unit(deslanted(images)))


def test_whoever_reads_reads_the_deslanted_image(mnist: Mnist) -> None:
    """Many images at once, one picture, and what every layer makes of it."""
    network, images = build_network(UPRIGHT, seed=1).eval(), mnist.test_images[:6]
    with torch.inference_mode():
        scores = network(normalize(to_unit(deslanted(images))))
    assert torch.allclose(read_scores(UPRIGHT, network, images), scores, atol=1e-4)
    predictor, pictures = Predictor(network, UPRIGHT, "this one"), to_unit(images)[:, 0].numpy()
    assert np.allclose(predictor(pictures), torch.softmax(scores, 1).numpy(), atol=1e-5)
    assert np.array_equal(predictor.given(pictures[2]), to_unit(deslanted(images))[2, 0].numpy())
    assert np.allclose(layer_maps(predictor, pictures[2])[-1].maps[:, 0, 0], scores[2].numpy(), atol=1e-4)


def test_a_run_that_deslants_is_the_run_on_images_that_were_deslanted_before(mnist: Mnist) -> None:
    ready = replace(mnist, train_images=deslanted(mnist.train_images), test_images=deslanted(mnist.test_images))
    runs = []
    for config, data in ((tiny_run(epochs=1), ready), (tiny_run(epochs=1), mnist)):
        network = replace(config.network, deslant=data is mnist)
        told = [event for event in train(replace(config, network=network), data) if isinstance(event, Epoch)]
        kept = told[-1].checkpoint
        assert kept is not None
        runs.append((kept.weights, kept.predictions, told[-1].measured))
    assert runs[0] == runs[1]
