"""How the threads that compute together wait for each other. Imports no torch: it must be said before torch is loaded.

By default a thread that has done its part spins for milliseconds until the others have done theirs. Where a browser and
a server share the processor, it is then one of them that the others wait for, and spinning takes from it the time that
it needs: with one other busy process, training on two threads took three times as long. A thousand turns, some
microseconds, cost a training that has the processor to itself 4 %.
"""

import os


def share_the_processor() -> None:
    """Have waiting threads give way soon, unless the user has said how they wait; for GNU's OpenMP, which torch has."""
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
