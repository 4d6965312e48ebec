"""A run as a stack: its images, its layers in order, and how it learns; and two stacks, block beside block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile, zip_longest
from typing import Literal

from lab.config import RunConfig
from lab.describe import describe_augmentation, describe_schedule
from lab.layer_row import LayerRow
from lab.layers import layer_table

Mark = Literal["", "new", "gone", "changed"]


@dataclass(frozen=True, kw_only=True)
class Block:
    """One thing of a stack: the images, a layer, or how it learns."""

    name: str
    """`conv 5×5`"""
    details: tuple[str, ...] = ()
    """What it makes, and what follows inside it: `96 maps of 28×28`, `batch norm`."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What stands in the same place of two stacks; None where one of them has nothing there."""

    before: Block | None
    after: Block | None
    is_same_thing: bool = True
    """Whether one has become the other, or they only stand in the same place."""

    @property
    def mark(self) -> Mark:
        """What happened to it."""
        if self.before is None or self.after is None:
            return "gone" if self.after is None else "new"
        return "" if self.before == self.after and self.is_same_thing else "changed"

    @property
    def new_details(self) -> tuple[str, ...]:
        """What `after` says that `before` does not, where the two are the same thing."""
        return _only(self.after, self.before) if self.is_same_thing else ()

    @property
    def gone_details(self) -> tuple[str, ...]:
        """What `before` said that `after` does not."""
        return _only(self.before, self.after) if self.is_same_thing else ()


def _only(one: Block | None, other: Block | None) -> tuple[str, ...]:
    if one is None or other is None:
        return ()
    return tuple(detail for detail in one.details if detail not in other.details)


def stack(config: RunConfig) -> list[Block]:
    """The blocks of a run, from its images to its learning rate.

    Raises:
        ImpossibleNetwork: its layers do not fit each other.
    """
    changed = describe_augmentation(config.augmentation) if config.augmentation.active else "unchanged"
    upright = ("deslanted",) if config.network.deslant else ()
    images = Block(name="28×28 images", details=(*upright, *changed.split(", ")))
    rate = f"learning rate {config.optimizer.learning_rate:g}"
    learning = Block(
        name="learning",
        details=(rate, f"batches of {config.batch_size}", *_schedule(config), *_averaging(config), *_readings(config)),
    )
    return [images, *map(_layer, layer_table(config.network)), learning]


def _schedule(config: RunConfig) -> tuple[str, ...]:
    return (describe_schedule(config.schedule),) if config.schedule.kind != "none" else ()


def _averaging(config: RunConfig) -> tuple[str, ...]:
    return (f"weights averaged ({config.weight_averaging:g})",) if config.weight_averaging else ()


def _readings(config: RunConfig) -> tuple[str, ...]:
    return ("tested with two readings",) if config.network.second_reading else ()


def _layer(row: LayerRow) -> Block:
    channels, side, _ = row.output_shape
    made = f"{channels} maps of {side}×{side}" if side > 1 else f"{channels} values"
    kind = {"global_average_pool": "mean of each map", "linear": "linear"}.get(row.kind)
    return Block(name=kind or f"{row.kind.replace('_', ' ')} {row.kernel}×{row.kernel}", details=(made, *row.extras))


def pairs(before: Sequence[Block], after: Sequence[Block]) -> list[Pair]:
    """The blocks of two stacks, in order, with those side by side that are the same thing.

    Of two networks that have hardly a layer in common no layer is said to have become another one: the layers stand
    beside each other by their places, and only one that is just the same has stayed. Where all kinds and kernels are
    the same, only sizes have changed.
    """
    names = [[block.name for block in blocks] for blocks in (before, after)]
    matcher = SequenceMatcher(a=names[0], b=names[1], autojunk=False)
    same = sum(one.details[:1] == other.details[:1] for one, other in _matched(before, after, matcher))
    if names[0] != names[1] and same < min(len(before), len(after)) / 2:
        return list(_by_place(before, after))
    return list(_paired(before, after, matcher))


def _matched(
    before: Sequence[Block], after: Sequence[Block], matcher: SequenceMatcher[str]
) -> Iterator[tuple[Block, Block]]:
    for match in matcher.get_matching_blocks():
        yield from zip(before[match.a : match.a + match.size], after[match.b : match.b + match.size], strict=True)


def _by_place(before: Sequence[Block], after: Sequence[Block]) -> Iterator[Pair]:
    """The images, the layers by their places, those in which both end alike as the same, and how it learns."""
    backwards = zip(before[-2:0:-1], after[-2:0:-1], strict=False)
    ends = 1 + sum(1 for _ in takewhile(lambda two: two[0] == two[1], backwards))
    yield Pair(before=before[0], after=after[0])
    for old, new in zip_longest(before[1:-ends], after[1:-ends]):
        yield Pair(before=old, after=new, is_same_thing=old == new)
    for old, new in zip(before[-ends:], after[-ends:], strict=True):
        yield Pair(before=old, after=new)


def _paired(before: Sequence[Block], after: Sequence[Block], matcher: SequenceMatcher[str]) -> Iterator[Pair]:
    for tag, first, last, start, end in matcher.get_opcodes():
        for old, new in zip_longest(before[first:last], after[start:end]):
            yield Pair(before=old, after=new, is_same_thing=tag == "equal")
