"""The newest weights of the runs that train in this process, for those who read with them meanwhile.

They are in memory only: the store keeps what a run was after its epochs, and nobody who reads ever touches what trains.
Of a run that trains in another process, as those of the command line do, its epochs are all that is known here.
"""

from __future__ import annotations

from lab.checkpoint import Snapshot

_newest: dict[tuple[str, int], Snapshot] = {}
"""By the store's URL and the number of the run. A dict's own steps are enough for threads: each is one."""


def publish(url: str, run: int, snapshot: Snapshot) -> None:
    """Have this be the newest of a run in the store at `url`; for the thread that trains it."""
    _newest[url, run] = snapshot


def newest(url: str, run: int) -> Snapshot | None:
    """What a run was when it last published; None where it does not train here, or has not published yet."""
    return _newest.get((url, run))


def forget(url: str, run: int) -> None:
    """It trains here no longer: what is known of it is in the store."""
    _newest.pop((url, run), None)
