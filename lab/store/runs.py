"""One database: runs, their events and their checkpoints. The only channel between a worker and those who watch."""

from __future__ import annotations

import time
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from lab.config import RunConfig, to_json
from lab.events import Checkpoint
from lab.naming import describe_run
from lab.store.active import Active, Ahead, Watch, ahead, ended_runs, mark_interrupted
from lab.store.checkpoints import checkpoint_epochs, checkpoint_epochs_of_all, read_checkpoint
from lab.store.claims import Claim, claim_run
from lab.store.commands import next_turn, queue_again, rename, tell
from lab.store.database import Database, StoreError, StoreUnavailable
from lab.store.forks import begin_fork
from lab.store.reading import Epochs, RunReader, read_epochs, read_kept
from lab.store.schema import CHECKPOINTS, EVENTS, NAME_LENGTH, NOT_IN_A_NAME, RUNS
from lab.store.snapshots import ENDED, Kept, Run, Unreadable
from lab.store.transfer import Imported, import_file


class Store:
    """All reads return plain snapshots; all writes are one short transaction. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        """Raises StoreError where the database cannot be opened."""
        self.url = url
        self._database = Database(url)
        self._watch = Watch()
        self.devices: Sequence[str] = ("cpu",)
        """Those that this process's workers serve, fastest first: whose queue a run stands in depends on them."""
        self._reader = RunReader(self._database)

    def close(self) -> None:
        """Give back all connections."""
        self._database.close()

    # --- the user's side -----------------------------------------------------------------------------------------

    def submit(self, config: RunConfig, name: str | None = None, owner: str | None = None) -> int:
        """Queue a run; returns its id.

        `owner` is the `worker_name()` of a process that queues it for itself: when that ends before the run has begun,
        the run is interrupted.
        """
        row = _queued(config, name or describe_run(config)) | {"owner": owner}
        with self._database.writing() as connection:
            return int(connection.execute(sa.insert(RUNS).values(**row).returning(RUNS.c.id)).scalar_one())

    def fork(self, run_id: int, epoch: int, config: RunConfig) -> int:
        """Queue a run that goes on after an epoch of another under `config`; returns its id.

        Raises:
            StoreError: there is no such run or epoch, or `config` cannot go on from there (`lab.forking`).
        """
        parent = self.run(run_id)
        row = _queued(config, f"{describe_run(config)}, from run {run_id}, epoch {epoch}")
        with self._database.writing() as connection:
            return begin_fork(connection, parent, epoch, config, row)

    def send(self, run_id: int, command: Literal["run", "pause", "stop"], seen: Run | None = None) -> bool:
        """Tell the run's worker what to do; whether the run still was one that can be told so.

        An ended run takes no command, and one that is told to stop no other. A queued run that is told to stop ends at
        once; a paused one that is told to go on waits for its turn on the device. `seen` is the run as it was when the
        command was thought of: it then holds for that attempt only, and not for one that was begun later.
        """
        with self._database.writing() as connection:
            return tell(connection, run_id, command, seen)

    def requeue(self, run_id: int, owner: str | None = None, seen: Run | None = None) -> None:
        """Queue an ended, unfinished run again; it goes on after its last finished epoch.

        `owner` as in `submit`, `seen` as in `send`.

        Raises:
            StoreError: the run is not one that can be resumed, or no longer the one that was seen.
        """
        with self._database.writing() as connection:
            if not queue_again(connection, run_id, owner, seen):
                raise StoreError(
                    f"Run {run_id} cannot be resumed: only a stopped, failed or interrupted run can be, and only with "
                    "its optimiser state. One that has diverged would diverge again."
                )

    def rename(self, run_id: int, name: str) -> None:
        """Give a run another name, at most 120 characters; a tab or another control character becomes a space."""
        signs = (" " if unicodedata.category(sign) in NOT_IN_A_NAME else sign for sign in name)
        title = "".join(signs).strip()[:NAME_LENGTH]
        if not title:
            raise StoreError("A run needs a name of at least one character.")
        with self._database.writing() as connection:
            rename(connection, run_id, title)

    def delete(self, run_id: int) -> None:
        """Remove a run with all that was kept of it; a worker that still trains it loses its claim and ends."""
        with self._database.writing() as connection:
            for table in (EVENTS, CHECKPOINTS):
                connection.execute(sa.delete(table).where(table.c.run_id == run_id))
            connection.execute(sa.delete(RUNS).where(RUNS.c.id == run_id))
        self._database.give_back_space()

    # --- the viewer's side ---------------------------------------------------------------------------------------

    def runs(self) -> list[Run]:
        """All runs that can be read, newest first; dead claims are recorded as interrupted first."""
        self.active()
        return [run for run in self._reader.all() if isinstance(run, Run)]

    def unreadable(self, epochs: Epochs | None = None) -> list[Unreadable]:
        """The runs that cannot be read, or of which an epoch cannot, newest first; `delete` removes them too.

        `epochs`: what `self.epochs` has said of all of `self.runs()`, where that is known already.
        """
        return self._reader.unreadable(epochs)

    def run(self, run_id: int) -> Run:
        """One run.

        Raises:
            StoreError: there is none with this id, or it cannot be read.
        """
        self.active()
        found = self._reader.some(RUNS.c.id == run_id) if abs(run_id) < 2**63 else []
        if not found:
            raise StoreError(f"There is no run {run_id}: `python -m lab runs` lists them.")
        if isinstance(found[0], Unreadable):
            raise StoreError(found[0].problem)
        return found[0]

    def events_after(self, run_id: int, cursor: int = 0) -> list[Kept]:
        """The run's events with an id above `cursor`, oldest first.

        Raises:
            StoreError: one of them cannot be read.
        """
        query = sa.select(EVENTS).where((EVENTS.c.run_id == run_id) & (EVENTS.c.id > cursor)).order_by(EVENTS.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [read_kept(row) for row in rows]

    def follow(self, run_id: int, poll_seconds: float = 0.5) -> Iterator[Kept]:
        """The run's events from this call on, as they come, until the run has ended.

        A store that does not answer is asked again: who trains waits for it too, and must not be ended by who watches.

        Raises:
            StoreError: the run does not exist, or no longer.
        """
        with self._database.reading() as connection:
            newest = sa.select(sa.func.max(EVENTS.c.id)).where(EVENTS.c.run_id == run_id)
            cursor = connection.execute(newest).scalar() or 0
        return self._follow(run_id, cursor, poll_seconds)

    def _follow(self, run_id: int, cursor: int, poll_seconds: float) -> Iterator[Kept]:
        while True:
            try:
                ended = self.run(run_id).status in ENDED  # asked before the events, so that none can slip between
                new = self.events_after(run_id, cursor)
            except StoreUnavailable:
                ended, new = False, []
            for kept in new:
                cursor = kept.id
                yield kept
            if ended:
                return
            time.sleep(poll_seconds)

    def active(self) -> list[Active]:
        """The runs that have not ended, in the order of their turns; dead claims are recorded as interrupted first."""
        return mark_interrupted(self._database, self._watch)

    def ended(self) -> dict[str, tuple[int, int, int]]:
        """How many runs have ended, the newest of them and, for who compares, when one was renamed; by status."""
        return ended_runs(self._database)

    def ahead(self, run_id: int) -> Ahead | None:
        """What a waiting run waits for on its device; None when it does not wait."""
        return ahead(self.active(), run_id, self.devices)

    def epochs(self, run_ids: Iterable[int]) -> Epochs:
        """The epochs of several runs at once, each run's in order.

        A run whose epochs cannot be read is not in the answer (`run_id in epochs`); asking for it all the same
        raises a StoreError that says why.
        """
        return read_epochs(self._database, run_ids)

    def checkpoint(self, run_id: int, epoch: int | None = None) -> Checkpoint:
        """What was kept of an epoch (default: the last).

        Raises:
            StoreError: nothing was, or it is damaged.
        """
        return read_checkpoint(self._database, run_id, epoch)

    def checkpoint_epochs(self, run_id: int) -> list[int]:
        """The epochs of a run that can be opened, in order."""
        return checkpoint_epochs(self._database, run_id)

    def checkpoint_epochs_of_all(self) -> Mapping[int, list[int]]:
        """The same of every run that has any, by its id: of many runs in the time that one takes."""
        return checkpoint_epochs_of_all(self._database)

    # --- the worker's side ---------------------------------------------------------------------------------------

    def claim(self, run_id: int, worker: str, device: str) -> Claim | None:
        """Take a queued run for `worker`; None when it is no longer queued or the device is busy."""
        self.active()
        return claim_run(self._database, run_id, worker, device)

    def held(self, run: Active) -> Claim:
        """The claim that the run is held by."""
        return Claim(self._database, run.id, run.claim)

    # --- between stores ------------------------------------------------------------------------------------------

    def import_file(self, file: Path, slim: bool = False) -> Imported:
        """Copy the ended runs of another lab's SQLite file that are sound and not yet here.

        The file may be in use, and is not touched. `slim` leaves out the windows and all checkpoints but the last, and
        what resuming would need.

        Raises:
            StoreError: the file cannot be read.
        """
        return import_file(file, self._database, slim)


def _queued(config: RunConfig, name: str) -> dict[str, Any]:
    """The row of a run that is to be trained."""
    return {
        "uuid": uuid.uuid4().hex,
        "name": name[:NAME_LENGTH],
        "config": to_json(config),
        "status": "queued",
        "wanted": config.device,
        "turn": next_turn(),
        "created": time.time(),
    }
