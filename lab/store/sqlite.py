"""The SQLite file under a database: how its connections are set up, and what it needs done from time to time.

The log (WAL) is moved into the file only by `SqliteFile.checkpoint`, which holds the write lock meanwhile. SQLite 3.7.0
to 3.51.2 can lose pages where a commit begins the log anew beside a checkpoint that is about to begin (its
documentation calls it the WAL-reset bug). Every commit needs the write lock, so that beside ours there is none. The
checkpoint that SQLite makes itself, when the last connection is closed, runs under an exclusive lock on the file.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

log = logging.getLogger(__name__)

BUSY_SECONDS = 10.0
"""How long to wait for a lock that another process holds."""
WRITES_A_CHECKPOINT = 100
LOG_BYTES = 4 * 2**20
"""What the log may keep on the disk once it has been moved into the file."""


class SqliteFile:
    """One database file. Safe to share between threads; other processes may have it open too."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._log = self.path.with_name(f"{self.path.name}-wal")
        self._identity: tuple[tuple[int, int] | None, ...] = ()
        self._keeper: sqlite3.Connection | None = None
        """As long as it is open, the log stays the same."""
        self._writes = 0
        self._upkeep = threading.Lock()

    def prepare(self, engine: sa.Engine) -> None:
        """Set up every connection that `engine` will have; of the file nothing is changed.

        Raises:
            OSError: its folder cannot be made.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        sa.event.listen(engine, "connect", _configure)
        sa.event.listen(engine, "handle_error", _replace_what_cannot_write)
        sa.event.listen(engine, "begin", _begin)

    def opened(self) -> None:
        """Remember which file it is, once it has its tables; see to the space that files of older labs keep."""
        with self._connection() as connection:
            if connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 0:
                _give_pages_back_from_now_on(connection)
        if _size(self._log) > LOG_BYTES:
            self.checkpoint()
        self._keeper = sqlite3.connect(self.path, check_same_thread=False)
        self._keeper.execute("SELECT count(*) FROM sqlite_master").fetchall()
        self._identity = self._identities()

    def in_place(self) -> bool:
        """Whether file and log are where they were when it was opened: not deleted, and no others.

        Who deletes the log takes all that was not yet moved into the file.
        """
        return not self._identity or self._identities() == self._identity

    def close(self) -> None:
        """Let go of the file, and forget which it was."""
        self._identity = ()
        if self._keeper is not None:
            self._keeper.close()

    def wrote(self) -> None:
        """Count a commit; every hundredth is followed by a checkpoint."""
        self._writes += 1
        if self._writes >= WRITES_A_CHECKPOINT:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Move the log into the file, while no one can write; put off where another writes for long."""
        if not self._upkeep.acquire(blocking=False):
            return
        try:
            with self._connection(timeout=1.0) as holder, self._connection() as mover:
                holder.execute("BEGIN IMMEDIATE")
                mover.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                holder.execute("ROLLBACK")
            self._writes = 0
        except sqlite3.Error as error:  # what was written is safe in the log; the next write tries again
            if not _is_busy(error):
                log.warning("The log of %s could not be moved into it: %s.", self.path, error)
        finally:
            self._upkeep.release()

    def give_back_space(self) -> None:
        """Return the pages of what was deleted to the system."""
        try:
            with self._connection() as connection:
                connection.executescript("PRAGMA incremental_vacuum")  # one page a step: a script takes all steps
        except sqlite3.OperationalError as error:  # busy or a full disk: the next deletion tries again
            log.warning("The database %s keeps the space of deleted runs for now: %s.", self.path, error)
        self.checkpoint()

    def use_log(self) -> None:
        """Readers and a writer beside each other (WAL), and deleted space that can be given back: the file keeps both.

        Two that open a new file at once exclude each other here, and SQLite does not wait for that lock.

        Raises:
            sqlite3.Error: it is no database, or cannot be written.
        """
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                with self._connection() as connection:
                    if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
                        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                    connection.execute("PRAGMA journal_mode = WAL").fetchall()
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _identities(self) -> tuple[tuple[int, int] | None, ...]:
        return _identity(self.path), _identity(self._log)

    @contextmanager
    def _connection(self, timeout: float = BUSY_SECONDS) -> Iterator[sqlite3.Connection]:
        """A connection of its own: upkeep waits for none of the pool's."""
        with closing(sqlite3.connect(self.path, timeout=timeout, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            yield connection


def copy_database(source: Path, target: Path) -> None:
    """Copy a database file as it is at one moment, in use or not; nothing beside it is made or changed.

    Raises:
        OSError, sqlite3.Error: it cannot be read, or `target` cannot be written.
    """
    if not source.with_name(f"{source.name}-shm").exists():  # no process has it open
        shutil.copyfile(source, target)
        log_file = source.with_name(f"{source.name}-wal")
        if log_file.exists():
            shutil.copyfile(log_file, target.with_name(f"{target.name}-wal"))
        with closing(sqlite3.connect(target)) as copy:  # the last to close it moves the log into it
            copy.execute("SELECT count(*) FROM sqlite_master").fetchall()
        return
    readable = f"{source.absolute().as_uri()}?mode=ro"
    in_use = sqlite3.connect(readable, uri=True, timeout=BUSY_SECONDS)
    with closing(in_use), closing(sqlite3.connect(target)) as copy:
        in_use.backup(copy)


def integrity_faults(file: Path) -> list[str]:
    """What SQLite finds wrong with a file's pages, indexes and references, at most twenty things."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
            lost = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [
        *(fault for fault in found if fault != "ok"),
        *(f"a row of {row[0]} belongs to no run" for row in lost[:20]),
    ]


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin in `_begin`, reading ones too
    connection.text_factory = _text
    for pragma in (
        f"busy_timeout = {round(BUSY_SECONDS * 1000)}",
        "foreign_keys = ON",
        "wal_autocheckpoint = 0",
        f"journal_size_limit = {LOG_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.Connection) -> None:
    """A writer takes the lock at once: a reader that would write while another does cannot wait for it."""
    writes = connection.get_execution_options().get("writes")
    if writes:
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if writes == 'durably' else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _replace_what_cannot_write(context: sa.engine.ExceptionContext) -> None:
    """A connection that was opened while the file could not be written would never write; the next one may."""
    if getattr(context.original_exception, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
        context.is_disconnect, context.invalidate_pool_on_disconnect = True, False


def _text(content: bytes) -> str:
    """Text that is no UTF-8 ends no query: it is read with a sign in place of what is no character."""
    return content.decode("utf-8", "replace")


def _give_pages_back_from_now_on(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:  # busy or a full disk: the next opening tries again
        log.warning("The database keeps the space of deleted runs for now: %s.", error)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
