"""Networks of few layers, from 6,000 to 1.3 million weights, by which the rule of `lab.handover` was found."""

from __future__ import annotations

from collections.abc import Iterator

from lab.address import LAYERS, STEP, from_address
from lab.config import RunConfig

FEW_LAYERS = (
    "c32k3-m2s2-c256k3-m2s2-c512k3-c10k1",
    "c64k5-m2s2-c256k5-m2s2-c10k1",
    "c16k3-m2s2-m2s2-c128k3-c1024k3-l",
    "c8k5-m2s2-c64k5-c512k5-l",
    "c16k3-m2s2-m2s2-c512k3s2-c1024k1-l",
    "c4k3-m2s2-c48k3-c400k7-l",
    "c5k3-m2s2-c43k3-c811k5p1-l",
    "c4k3-m2s2-m2s2-c200k3-c200k5p2-l",
    "c8k3-m2s2-c128k3-c256k5s2-l",
    "c8k3-m2s2-c64k3-c300k4-l",
    "c32k3-m2s2-c1024k3s2-c10k1",
    "c4k3-m2s2-c100k3-c100k9-l",
    "c4k3-m2s2-m2s2-c30k1-c900k5-l",
    "c8k5-m2s2-c512k3s2-c16k5-l",
    "c5k5-c109k24-l",
    "c8k3-m2s2-c64k3-c128k5-l",
    "c8k3-m2s2-c100k3-c200k3-l",
    "c8k3-m2s2-c128k3-c128k3-l",
    "c8k3-m2s2-c64k3-c64k5-l",
    "c8k3-m2s2-c48k3-c96k5-l",
    "c8k3-m2s2-m2s2-c64k3-c256k3-l",
    "c8k3-m2s2-c256k3s2-c512k1-l",
    "c8k3-m2s2-c128k3-c256k3-l",
    "c8k3-m2s2-c30k3-c100k7-l",
    "c5k5-c10k24-l",
    "c8k3-m2s2-c32k3-c32k9-l",
    "c8k3s2-c16k3s2-c32k3s2-l",
    "c6k5-m2s2-c16k5-m2s2-c120k4-l",
    "c32k3p1-m2s2-c64k3p1-m2s2-c128k3p1-m2s2-c256k3-l",
    "c16k3-m2s2-c32k3-m2s2-c64k3-l",
    "c32k3s2-c64k3s2-c128k3s2-l",
    "c32k3-m2s2-c64k3-m2s2-c128k3-l",
    "c32k5-m2s2-c64k5-m2s2-c10k4",
)
"""As an address writes them."""


def few_layers() -> Iterator[tuple[str, RunConfig]]:
    """A name and a config for each: trained as step 2 is, without batch norm, dropout and augmentation."""
    for number, layers in enumerate(FEW_LAYERS, start=1):
        config = from_address({STEP: "2", LAYERS: layers})
        assert config is not None
        yield f"few {number}", config
