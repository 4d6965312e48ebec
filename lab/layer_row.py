"""A layer as the table shows it, and the square of the image that each unit of its map can depend on."""

from __future__ import annotations

from dataclasses import dataclass

from lab.network_config import IMAGE_SIZE

Shape = tuple[int, int, int]
"""Channels, height, width."""


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """One line of the layer table. Sizes in pixels; `jump` and `receptive_field` in pixels of the input image."""

    index: int
    kind: str
    kernel: int
    stride: int
    padding: int
    input_shape: Shape
    output_shape: Shape
    parameters: int
    macs: int
    """Multiply-accumulates of the weights for one image; batch norm, ReLU and pooling are not counted."""
    jump: int
    """How far apart in the image two neighbouring units of this map look."""
    receptive_field: int
    start: float
    """Image coordinate of the centre of what the first unit sees (0.5 is the centre of the first pixel)."""
    visible: tuple[int, int]
    """Half-open pixel range (the same along both axes) that the map below shows: a stride may leave the last out."""
    extras: tuple[str, ...]
    """What follows inside the same row: batch norm, ReLU, dropout."""
    bias: bool = False
    """Whether a convolution or linear layer adds a bias to each of its maps."""

    @property
    def has_window(self) -> bool:
        """Whether it reads its map through a window; a linear layer reads the one value of each map."""
        return self.kind != "linear"

    @property
    def clipped_receptive_field(self) -> int:
        """The receptive field's side as far as it can lie inside the image."""
        return min(self.receptive_field, IMAGE_SIZE)


@dataclass(frozen=True)
class Square:
    """Half-open pixel ranges of the image: rows top..bottom-1, columns left..right-1."""

    top: int
    left: int
    bottom: int
    right: int


def receptive_square(row: LayerRow, unit_row: int, unit_column: int) -> Square:
    """The pixels that one unit of `row`'s map can depend on, clipped to what of the image reaches the map below.

    Exact where no stride exceeds its kernel (else there are holes in it) and no padding reaches its kernel (else some
    units see nothing at all).

    Raises:
        ValueError: the unit lies outside the map.
    """
    _, height, width = row.output_shape
    if not (0 <= unit_row < height and 0 <= unit_column < width):
        raise ValueError(
            f"unit ({unit_row}, {unit_column}) lies outside the {height}×{width} map of layer {row.index}."
        )
    # centre - 0.5 - (r - 1) / 2 is the index of the first pixel: whole, because start moves by (k - 1) / 2 jumps.
    top = round(row.start + unit_row * row.jump - row.receptive_field / 2)
    left = round(row.start + unit_column * row.jump - row.receptive_field / 2)
    first, end = row.visible

    def clip(pixel: int) -> int:
        return min(max(pixel, first), end)

    return Square(
        top=clip(top),
        left=clip(left),
        bottom=clip(top + row.receptive_field),
        right=clip(left + row.receptive_field),
    )


def sees_only_padding(row: LayerRow, unit_row: int, unit_column: int) -> bool:
    """Whether a unit sees nothing of the image: its window, or what its window sees, lies beside it in the padding."""
    square, side = receptive_square(row, unit_row, unit_column), row.input_shape[1]
    starts = [unit * row.stride - row.padding for unit in (unit_row, unit_column)]
    is_beside = any(start + row.kernel <= 0 or start >= side for start in starts)
    return is_beside or square.top == square.bottom or square.left == square.right
