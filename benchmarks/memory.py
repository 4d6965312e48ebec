"""The memory of fifteen epochs of step 5 on the CPU, from the command line, and what the run adds to the store.

    python benchmarks/memory.py [--plain]

Not on Windows, which does not tell the peak of a process that has ended.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def size_of(folder: Path) -> float:
    """MB of the files in it."""
    return sum(file.stat().st_size for file in folder.iterdir()) / 1e6


def lab(folder: Path, *arguments: str) -> None:
    """`python -m lab ...` on a store in `folder`."""
    environment = os.environ | {"LAB_DATABASE_URL": f"sqlite:///{folder / 'lab.sqlite3'}"}
    command = [sys.executable, "-m", "lab", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)


def main() -> None:
    """Print two figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plain", action="store_true", help="PyTorch's own modules instead of the compiled engine")
    plain = ["--plain"] if parser.parse_args().plain else []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lab(folder, "runs")  # makes the empty store
        before = size_of(folder)
        lab(folder, "train", "--step", "5", "--device", "cpu", *plain)
        kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
        print(f"at most {kilobytes * 1024 / 1e6:,.0f} MB in memory; {size_of(folder) - before:.2f} MB in the store")


if __name__ == "__main__":
    main()
