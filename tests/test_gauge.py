"""The machine's speed is measured within a moment, without torch, and once."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from lab import gauge


def test_a_product_of_64_rows_is_counted_as_its_multiplications_and_additions(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([5e-6, 4e-6, *[6e-6] * gauge.PRODUCTS])
    monkeypatch.setattr(gauge, "_seconds_of_a_product", lambda *_: next(seconds))
    gauge.core_gflops.cache_clear()
    assert gauge.core_gflops() == pytest.approx(2 * 64**3 / 4e-6 / 1e9)  # the fastest of them
    monkeypatch.setattr(gauge, "_seconds_of_a_product", lambda *_: 1.0)
    assert gauge.core_gflops() == pytest.approx(2 * 64**3 / 4e-6 / 1e9)  # not measured again
    gauge.core_gflops.cache_clear()


def test_it_is_about_what_a_large_product_reaches_on_one_core() -> None:
    gauge.core_gflops.cache_clear()
    matrix = np.full((512, 512), 0.5, dtype=np.float32)
    begun = time.process_time()
    for _ in range(10):
        matrix @ matrix
    large = 10 * 2 * 512**3 / (time.process_time() - begun) / 1e9  # of all threads together, so of one core
    assert large / 10 < gauge.core_gflops() < large * 10


def test_a_training_uses_no_more_cores_than_this_process_may() -> None:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    assert 1 <= gauge.cores() <= allowed


def test_torch_is_not_imported_for_it() -> None:
    asked = "import sys, lab.gauge as gauge; gauge.core_gflops(), gauge.cores(), gauge.may_have_gpu()"
    code = f"{asked}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
