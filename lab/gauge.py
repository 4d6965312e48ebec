"""How fast this machine computes, measured within milliseconds and without torch: for what was never trained here."""

from __future__ import annotations

import os
import shutil
import sys
import time
from functools import lru_cache

import numpy as np
import psutil

SIDE, PRODUCTS = 64, 300
"""A product of two matrices of this side is done on one core, within some microseconds: so soon that one of a few
hundred is not interrupted, however busy the machine is."""


@lru_cache(maxsize=1)
def core_gflops() -> float:
    """Billions of float32 operations a second of one core, in a product of matrices; measured once a process."""
    matrix = np.full((SIDE, SIDE), 0.5, dtype=np.float32)
    product = np.empty_like(matrix)
    fastest = min(_seconds_of_a_product(matrix, product) for _ in range(PRODUCTS))
    return 2 * SIDE**3 / fastest / 1e9


def _seconds_of_a_product(matrix: np.ndarray, product: np.ndarray) -> float:
    begun = time.perf_counter()
    np.matmul(matrix, matrix, out=product)
    return max(time.perf_counter() - begun, 1e-9)  # a coarse clock may stand still


def cores() -> int:
    """How many cores a training uses here."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


def may_have_gpu() -> bool:
    """Whether a run on the fastest device may use a GPU here, as far as that can be seen without torch."""
    return sys.platform == "darwin" or shutil.which("nvidia-smi") is not None
