"""What lab.device.keep_freed_memory saves: milliseconds an iteration of step 3 on the CPU's plain path, with and
without it.

    python benchmarks/allocator.py

The two are timed in turn, each in a process of its own, because the setting cannot be taken back; compare them within
one call only.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

ROUNDS = 3


def milliseconds_an_iteration(keep: bool) -> float:
    """Median over the windows of a short run of step 3, in this process."""
    from dataclasses import replace

    from lab.device import keep_freed_memory
    from lab.events import Window
    from lab.mnist import load_mnist
    from lab.steps import step
    from lab.training import train

    if keep:
        keep_freed_memory()
    config = replace(step(3).config, device="cpu", engine="pytorch", epochs=1, training_images=6_400)
    windows = [event for event in train(config, load_mnist("cpu")) if isinstance(event, Window)]
    return statistics.median(1000 * config.batch_size / window.images_per_second for window in windows)


def in_a_process(keep: bool) -> float:
    """The same in a fresh process."""
    command = [sys.executable, __file__, "keep" if keep else "default"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "only", nargs="?", choices=("keep", "default"), help="of one, in this process: how it is called"
    )
    chosen = parser.parse_args().only
    if chosen is not None:
        print(milliseconds_an_iteration(chosen == "keep"))
        sys.exit()
    started = time.perf_counter()
    pairs = [(in_a_process(False), in_a_process(True)) for _ in range(ROUNDS)]
    for default, kept in pairs:
        print(f"default {default:6.1f} ms   keep_freed_memory {kept:6.1f} ms   ratio {kept / default:.2f}")
    print(f"median ratio {statistics.median(kept / default for default, kept in pairs):.2f}")
