"""Where an affine map finds its pixels: torch's own grid, and the pixels that are found with it."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lab.sampling import affine_grid

MAPS = st.lists(st.floats(-2, 2, width=32), min_size=6, max_size=6)


def torchs(maps: Tensor, height: int, width: int) -> Tensor:
    return F.affine_grid(maps, [len(maps), 1, height, width], align_corners=False)


@given(st.lists(MAPS, min_size=1, max_size=4), st.integers(1, 30), st.integers(1, 30))
def test_a_grid_is_torchs_whatever_the_maps_and_the_size(rows: list[list[float]], height: int, width: int) -> None:
    maps = torch.tensor(rows).view(-1, 2, 3)
    grid = affine_grid(maps, height, width)
    assert grid.shape == (len(rows), height, width, 2)
    torch.testing.assert_close(grid, torchs(maps, height, width), rtol=0, atol=2e-6)


def test_the_map_that_changes_nothing_finds_the_middle_of_each_pixel() -> None:
    grid = affine_grid(torch.eye(2, 3).unsqueeze(0), 2, 4)
    assert grid[0, :, 0, 1].tolist() == pytest.approx([-0.5, 0.5])  # two rows: the middles of [-1, 0] and [0, 1]
    assert grid[0, 0, :, 0].tolist() == pytest.approx([-0.75, -0.25, 0.25, 0.75])


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_the_same_pixels_are_sampled_as_with_torchs_grid(mode: str) -> None:
    images = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    angles = torch.tensor([0.1, -0.3, math.pi / 7])
    cos, sin, none = angles.cos(), angles.sin(), 0 * angles
    maps = torch.stack([cos, -sin, none, sin, cos, none], dim=1).view(-1, 2, 3)
    ours, theirs = (
        F.grid_sample(images, grid, mode=mode, align_corners=False)
        for grid in (affine_grid(maps, 28, 28), torchs(maps, 28, 28))
    )
    differing = (ours - theirs).abs() > 1e-5  # rounding may take a point that lies between two pixels to the other one
    assert differing.float().mean() <= 0.001
