"""The connection to the database: one transaction at a time, and every trouble of it as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from lab.store.migrations import bring_up_to_date


class StoreError(Exception):
    """The database cannot be used, or the run is not what it must be; one sentence."""


class StoreUnavailable(StoreError):
    """The database did not answer, or not take what it was given: it is locked, full or away, and may be back later."""


class Database:
    """One database, opened and brought up to date. Safe to share between threads.

    Raises:
        StoreError: it cannot be opened.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            parsed = sa.make_url(url)
            sqlite = parsed.get_backend_name() == "sqlite"
            if sqlite and parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self._engine = sa.create_engine(parsed)
            if sqlite:
                sa.event.listen(self._engine, "connect", _configure_sqlite)
                sa.event.listen(self._engine, "begin", _begin_sqlite)
            with self._writers().begin() as connection:
                bring_up_to_date(connection)
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise StoreError(
                f"The database {shown(url)} cannot be opened ({str(error).splitlines()[0]}): check the path and its "
                "permissions, or name another one in LAB_DATABASE_URL."
            ) from error

    def _writers(self) -> sa.Engine:
        return self._engine.execution_options(writes=True)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads: what it sees belongs together."""
        with self._told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes; what it has written is there as a whole, or not at all."""
        with self._told(), self._writers().begin() as connection:
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise StoreUnavailable(
                f"The database {shown(self.url)} did not answer: {str(error).splitlines()[0]}"
            ) from error

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()


def shown(url: str) -> str:
    """The URL as it may be shown: without its password."""
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return url


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin in `_begin_sqlite`, reading ones too
    connection.text_factory = _text
    cursor = connection.cursor()
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _text(content: bytes) -> str:
    """Text that is no UTF-8 ends no query: it is read with a sign in place of what is no character."""
    return content.decode("utf-8", "replace")


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer takes the lock at once: a reader that would write while another does cannot wait for it."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
