"""The lab: how a convolutional network learns to read digits.

One corridor: config -> training -> events -> store -> figures -> pages.
"""

import os
import sys

if sys.platform == "win32":  # before PyTorch is loaded
    # There the engine has threads of its own, and those of PyTorch's OpenMP runtime would look for work for 200 ms
    # after each operation, on the same cores: 40 % more processor time an iteration (with it on Linux).
    os.environ.setdefault("KMP_BLOCKTIME", "0")
