"""The masks that dropout draws on a GPU, drawn on any machine: PyTorch's CUDA kernel, in NumPy.

A GPU's thread number t draws four numbers at a time from Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers:
as easy as 1, 2, 3") with the generator's seed as its key and (how many were drawn before, t) as its counter. How many
threads there are, and so which of them decides about which number, depends on the GPU: on its multiprocessors and on
how many threads each holds (`fused_dropout_kernel_vec` in PyTorch's aten/src/ATen/native/cuda/Dropout.cu).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
"""32 bits each."""

BLOCK = 256
"""Threads of a block."""
DRAWN = 4
"""Numbers that a thread draws at a time, and decides about side by side."""
_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10


@dataclass(frozen=True)
class Gpu:
    """What of a GPU decides which thread draws which number."""

    multiprocessors: int
    threads_each: int

    def threads(self, numbers: int) -> int:
        """How many threads the kernel starts for a tensor of so many numbers."""
        blocks = -(-numbers // BLOCK)
        return BLOCK * min(blocks, self.multiprocessors * (self.threads_each // BLOCK))


GPUS = {
    "K80": Gpu(13, 2048),
    "P4": Gpu(20, 2048),
    "P100": Gpu(56, 2048),
    "T4": Gpu(40, 1024),
    "V100": Gpu(80, 2048),
    "A100": Gpu(108, 2048),
}
"""Those that were in clouds when the published runs were made."""


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Philox4x32-10: four random words for each counter of four words."""
    a, b, c, d = counter
    for number in range(ROUNDS):
        first, second = (np.uint64((word + number * step) & 0xFFFFFFFF) for word, step in zip(key, _WEYL, strict=True))
        left, right = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a, b, c, d = (right >> _HALF) ^ b ^ first, right & _MASK, (left >> _HALF) ^ d ^ second, left & _MASK
    return a, b, c, d


class GpuDropout:
    """The generator of a GPU, of which nothing but dropout draws."""

    def __init__(self, gpu: Gpu, seed: int) -> None:
        self.gpu, self.key, self.offset = gpu, (seed & 0xFFFFFFFF, seed >> 32), 0

    def kept(self, numbers: int, rate: float) -> NDArray[np.bool_]:
        """Which of so many numbers, in the order of memory, the next dropout at this rate keeps; bool (numbers,).

        `numbers` is a multiple of four.
        """
        threads = self.gpu.threads(numbers)
        rounds = -(-numbers // (threads * DRAWN))
        index = np.arange(-(-numbers // DRAWN), dtype=np.uint64)  # of each group of four
        thread, turn = index % np.uint64(threads), index // np.uint64(threads)
        none = np.zeros_like(index)
        words = philox((np.uint64(self.offset // DRAWN) + turn, none, thread, none), self.key)
        self.offset += rounds * DRAWN
        scale, half = np.float32(2.0**-32), np.float32(2.0**-33)
        uniform = np.stack([word.astype(np.float32) * scale + half for word in words], axis=1)  # as curand_uniform4
        kept: NDArray[np.bool_] = (uniform < np.float32(1 - rate)).reshape(-1)[:numbers]
        return kept
