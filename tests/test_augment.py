"""A batch of digits -> a batch of changed digits: against torchvision, against pixels moved by hand, within range."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from any_config import augmentations
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import rotate

from lab.augment import affine_maps, augment, change_pen
from lab.mnist import Mnist, to_unit
from lab.training_config import Augmentation

AMOUNTS = ("rotation", "scale", "shear", "shift_x", "shift_y", "pen")
"""The six numbers drawn for an image, in their order."""


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def digits(mnist: Mnist, count: int = 20) -> Tensor:
    return to_unit(mnist.test_images[:count])


def augment_by(images: Tensor, config: Augmentation, **shares: float) -> Tensor:
    """`images` changed by chosen shares in [-1, 1] of each range, instead of by drawn ones."""
    assert set(shares) <= set(AMOUNTS)
    row = torch.tensor([(shares.get(name, 0.0) + 1) / 2 for name in AMOUNTS])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "rand", lambda count, amounts, **_: row.repeat(count, 1))
        return augment(images, config, generator())


def bar(rows: slice, columns: slice) -> Tensor:
    image = torch.zeros(1, 1, 28, 28)
    image[:, :, rows, columns] = 1
    return image


def test_no_augmentation_leaves_the_images_as_they_are(mnist: Mnist) -> None:
    images = digits(mnist)
    assert torch.equal(augment(images, Augmentation(), generator()), images)
    assert not Augmentation().active


@pytest.mark.parametrize("name", ["rotation", "shift", "scale", "shear", "pen"])
def test_each_amount_alone_changes_the_digits(mnist: Mnist, name: str) -> None:
    config = Augmentation(**{name: 0.4 if name in ("scale", "pen") else 4.0})  # type: ignore[arg-type]
    assert config.active
    assert not torch.equal(augment(digits(mnist), config, generator()), digits(mnist))


@pytest.mark.parametrize("degrees", [-30.0, -7.0, -2.5, 2.5, 7.0, 30.0])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_a_rotation_is_torchvisions(mnist: Mnist, degrees: float, interpolation: Any) -> None:
    images = digits(mnist, 200)
    config = Augmentation(rotation=abs(degrees), interpolation=interpolation)
    ours = augment_by(images, config, rotation=math.copysign(1, degrees))
    theirs = rotate(images, degrees, InterpolationMode(interpolation))
    assert ((ours - theirs).abs() < 1e-3).float().mean() > 0.999  # nearest: a tie may be rounded to either pixel


@pytest.mark.parametrize("right", [-3, 0, 3])
@pytest.mark.parametrize("down", [-2, 0, 2])
def test_a_shift_by_whole_pixels_moves_them_to_the_right_and_down(mnist: Mnist, right: int, down: int) -> None:
    images = digits(mnist)
    moved = augment_by(images, Augmentation(shift=4), shift_x=right / 4, shift_y=down / 4)
    by_hand = F.pad(images, (4, 4, 4, 4))[:, :, 4 - down : 32 - down, 4 - right : 32 - right]
    assert torch.equal(moved, by_hand)


def test_what_is_moved_out_of_the_image_is_gone() -> None:
    corner = bar(slice(0, 3), slice(0, 3))
    assert augment_by(corner, Augmentation(shift=3), shift_x=-1).sum() == 0


@pytest.mark.parametrize(("share", "side"), [(1.0, 8 * 1.5), (0.5, 8 * 1.25), (-1.0, 8 * 0.5)])
def test_a_scale_enlarges_around_the_centre(share: float, side: float) -> None:
    square = bar(slice(10, 18), slice(10, 18))  # 8x8 in the middle
    scaled = augment_by(square, Augmentation(scale=0.5, interpolation="bilinear"), scale=share)
    assert scaled.sum() == pytest.approx(side * side, rel=0.02)
    torch.testing.assert_close(scaled, scaled.flip(2, 3))  # still in the middle


def test_a_shear_slants_an_upright_bar() -> None:
    upright = bar(slice(4, 24), slice(13, 15))
    slanted = augment_by(upright, Augmentation(shear=45, interpolation="bilinear"), shear=1)[0, 0]
    columns = torch.arange(28.0)
    centres = [(slanted[row] @ columns / slanted[row].sum()).item() for row in (6, 13, 14, 21)]
    # tan 45 degrees: one column for each row
    assert centres[1] - centres[0] == pytest.approx(centres[3] - centres[2])
    assert abs(centres[3] - centres[0]) == pytest.approx(21 - 6)
    assert slanted.sum() == pytest.approx(upright.sum().item(), rel=0.01)


# --- the pen -----------------------------------------------------------------------------------------------------


def test_a_thicker_pen_adds_ink_and_a_thinner_one_takes_some_away(mnist: Mnist) -> None:
    images = digits(mnist)
    config = Augmentation(pen=0.5)
    thicker, thinner = augment_by(images, config, pen=1), augment_by(images, config, pen=-1)
    assert (thicker >= images).all()
    assert (thinner <= images).all()
    ink = [kind.flatten(1).sum(1) for kind in (thinner, images, thicker)]
    assert (ink[0] < ink[1]).all()
    assert (ink[1] < ink[2]).all()


@pytest.mark.parametrize(("amount", "width"), [(1.0, 3 + 2), (-1.0, 3 - 2), (0.5, 3 + 1), (-0.5, 3 - 1)])
def test_a_whole_step_of_the_pen_is_one_pixel_a_side(amount: float, width: float) -> None:
    line = bar(slice(0, 28), slice(12, 15))  # 3 pixels wide
    changed = change_pen(line, torch.tensor([amount]))
    assert changed[0, 0].sum(dim=1).tolist() == pytest.approx([width] * 28)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_a_step_of_the_pen_goes_to_the_brightest_or_darkest_neighbour(amounts: list[float], seed: int) -> None:
    images = torch.rand(len(amounts), 1, 28, 28, generator=generator(seed))
    brightest = F.max_pool2d(images, 3, stride=1, padding=1)
    darkest = -F.max_pool2d(-images, 3, stride=1, padding=1)
    changed = change_pen(images, torch.tensor(amounts))
    for number, amount in enumerate(amounts):
        whole = (brightest if amount > 0 else darkest)[number]
        expected = images[number] + abs(amount) * (whole - images[number])
        torch.testing.assert_close(changed[number], expected, rtol=0, atol=1e-6)


# --- amounts -----------------------------------------------------------------------------------------------------


@given(augmentations, st.integers(0, 2**32 - 1))
def test_every_image_is_turned_scaled_slanted_and_moved_within_its_range(config: Augmentation, seed: int) -> None:
    draws = torch.rand(16, 5, generator=generator(seed), dtype=torch.float64) * 2 - 1
    inverse = affine_maps(draws, config)
    forward = torch.linalg.inv(inverse[:, :, :2])  # scale * rotation * shear
    scale = torch.linalg.det(forward).sqrt()
    assert ((scale - 1).abs() <= config.scale + 1e-9).all()
    degrees = torch.rad2deg(torch.atan2(-forward[:, 1, 0], forward[:, 0, 0]))
    assert (degrees.abs() <= config.rotation + 1e-9).all()
    slant = (forward[:, :, 0] * forward[:, :, 1]).sum(1) / scale**2  # the slant is what is not perpendicular
    assert (torch.rad2deg(torch.atan(slant)).abs() <= config.shear + 1e-9).all()
    pixels = -(forward @ inverse[:, :, 2:]).squeeze(2) * 28 / 2
    assert (pixels.abs() <= config.shift + 1e-9).all()


@pytest.mark.parametrize("share", [-1.0, -0.25, 0.5, 1.0])
def test_a_drawn_share_is_that_share_of_the_range(share: float) -> None:
    config = Augmentation(rotation=40, scale=0.3, shear=20, shift=6)
    inverse = affine_maps(torch.full((1, 5), share, dtype=torch.float64), config)[0]
    forward = torch.linalg.inv(inverse[:, :2])
    assert torch.linalg.det(forward).sqrt() == pytest.approx(1 + 0.3 * share)
    assert math.degrees(math.atan2(-forward[1, 0], forward[0, 0])) == pytest.approx(40 * share)
    slant = (forward[:, 0] @ forward[:, 1]) / torch.linalg.det(forward)
    assert math.degrees(math.atan(slant)) == pytest.approx(20 * share)
    assert (-(forward @ inverse[:, 2]) * 14).tolist() == pytest.approx([6 * share, 6 * share])


@given(config=augmentations, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_pixels_stay_in_range_and_images_keep_their_shape(mnist: Mnist, config: Augmentation, seed: int) -> None:
    changed = augment(digits(mnist, 8), config, generator(seed))
    assert changed.shape == (8, 1, 28, 28)
    assert changed.min() >= -1e-6
    assert changed.max() <= 1 + 1e-6


FULL = Augmentation(rotation=10, shift=2, scale=0.1, shear=10, pen=0.5, interpolation="bilinear")


def test_the_generator_decides_everything(mnist: Mnist, untouched_randomness: None) -> None:
    images = digits(mnist)
    assert torch.equal(augment(images, FULL, generator(3)), augment(images, FULL, generator(3)))
    assert not torch.equal(augment(images, FULL, generator(3)), augment(images, FULL, generator(4)))


def test_each_image_is_changed_differently() -> None:
    same = bar(slice(6, 22), slice(12, 16)).repeat(12, 1, 1, 1)
    changed = augment(same, FULL, generator())
    assert len({tuple(image.flatten().tolist()) for image in changed}) == 12


def test_an_image_is_changed_alike_whatever_its_neighbours_are(mnist: Mnist) -> None:
    images = digits(mnist, 6)
    others = images.clone()
    others[[0, 1, 3, 4, 5]] = 1 - others[[0, 1, 3, 4, 5]]
    assert torch.equal(augment(images, FULL, generator())[2], augment(others, FULL, generator())[2])


@given(wide=augmentations)
@settings(max_examples=20)
def test_widening_one_range_leaves_the_other_draws_as_they_were(wide: Augmentation) -> None:
    """Moved alone, or moved and then drawn with another pen: the move is the same."""
    images = bar(slice(6, 22), slice(8, 20)).repeat(4, 1, 1, 1)
    moved_only = augment(images, replace(wide, pen=0.0), generator(5))
    pens = augment(images, Augmentation(pen=0.5), generator(5))
    thicker = pens.flatten(1).sum(1) > images.flatten(1).sum(1)  # what the pen alone drew for each image
    both = augment(images, replace(wide, pen=0.5), generator(5))
    assert (both[thicker] >= moved_only[thicker]).all()
    assert (both[~thicker] <= moved_only[~thicker]).all()
