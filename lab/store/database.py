"""The connection to the database: one transaction at a time, and every trouble of it as one sentence."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from lab.store.foreign import oddity
from lab.store.migrations import Refused, bring_up_to_date, version_of
from lab.store.sqlite import SqliteFile


class StoreError(Exception):
    """The database cannot be used, or the run is not what it must be; one sentence."""


class StoreUnavailable(StoreError):
    """The database did not answer, or not take what it was given: it is locked, full or away, and may be back later."""


SERVERS = ("postgresql",)
NO_DRIVER = "leave out the + and what follows it up to the colon, or use a driver that SQLAlchemy knows"
EXAMPLES = "sqlite:///runs/lab.sqlite3, or a PostgreSQL database, such as postgresql://user@host/lab"


class Database:
    """One database, opened and brought up to date. Safe to share between threads.

    Raises:
        StoreError: it cannot be opened.
    """

    def __init__(self, url: str, copy_of: Path | None = None) -> None:
        """`copy_of`: this is a passing copy of that file, which sentences name, and of which none is kept."""
        self.url, self.name = url, str(copy_of or shown(url))
        self._is_passing = copy_of is not None
        self.file: SqliteFile | None = None
        try:
            self._open(_parsed(url))
        except Refused as error:
            raise StoreError(self._of_this_one(f"The database {self.name} cannot be used: {error}")) from error
        except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
            told = f"The database {self.name} cannot be opened ({_first_line(error)}): {_advice(error)}"
            raise StoreError(self._of_this_one(f"{told}, or name another one in LAB_DATABASE_URL.")) from error

    def _of_this_one(self, sentence: str) -> str:
        """Without the name of the setting where it is not by that that this database was chosen."""
        return sentence.replace(" in LAB_DATABASE_URL", "") if self._is_passing else sentence

    def _open(self, url: sa.URL) -> None:
        if url.get_backend_name() == "sqlite":
            self.file = SqliteFile(_path(url))
            url = sa.URL.create("sqlite", database=str(self.file.path))
        self._engine = sa.create_engine(url, max_overflow=-1)  # as many as ask at once: none waits for another's
        try:
            if self.file is not None:
                self.file.prepare(self._engine)
                with self._engine.begin() as connection:
                    if self._is_passing and (odd := oddity(connection)):
                        raise Refused(f"{odd} No lab makes that.")
                    version = version_of(connection)  # one that is refused stays as it is, its journal mode included
                if version is None and self._is_passing:
                    raise Refused("it holds no tables, so it is no lab's, or all that it held is lost.")
                self.file.use_log()
            bring_up_to_date(self._engine, None if self._is_passing else self.file)
            if self.file is not None:
                self.file.opened()
        except BaseException:
            self._engine.dispose()
            raise

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads: what it sees belongs together."""
        self._check_place()
        with self._told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self, durably: bool = False) -> Iterator[sa.Connection]:
        """A transaction that writes; what it has written is there as a whole, or not at all.

        `durably`: it is on the disk when this ends, and outlives a power cut too.
        """
        self._check_place()
        writers = self._engine.execution_options(writes="durably" if durably else "soon")
        with self._told(), writers.begin() as connection:
            yield connection
        self._check_place()  # what was written to a file that was deleted meanwhile is kept nowhere
        if self.file is not None:
            self.file.wrote()

    def _check_place(self) -> None:
        if self.file is not None and not self.file.in_place():
            raise StoreError(
                f"The database {self.name}, or its log ending in -wal, was deleted or replaced while the lab used it, "
                "so nothing more is saved: put it back, or restart the lab to use the file that is there now."
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except OverflowError as error:
            raise StoreError(f"The database {self.name} holds no number that large: {_first_line(error)}.") from error
        except SQLAlchemyError as error:
            helps = f"; {advice}" if (advice := _what_helps(error)) else ""
            raise StoreUnavailable(f"The database {self.name} did not answer: {_first_line(error)}{helps}.") from error

    def give_back_space(self) -> None:
        """Return the space of what was deleted to the system; a server sees to this itself."""
        if self.file is not None:
            self.file.give_back_space()

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()
        if self.file is not None:
            self.file.close()


def file_url(path: Path) -> str:
    """The URL of a SQLite file, whatever characters its path has."""
    return sa.URL.create("sqlite", database=str(path)).render_as_string()


def sqlite_path(url: str) -> Path | None:
    """The file that a URL names; None where a server keeps the database.

    Raises:
        StoreError: it is no database's URL, or names no file.
    """
    try:
        parsed = _parsed(url)
        return _path(parsed).absolute() if parsed.get_backend_name() == "sqlite" else None
    except (SQLAlchemyError, Refused) as error:
        raise StoreError(f"The database {shown(url)} cannot be opened: {_first_line(error)}") from error


def shown(url: str) -> str:
    """A database as it may be named in a sentence: a file by its path, a URL without its password."""
    try:
        parsed = _made(url)
    except SQLAlchemyError:
        return re.sub(r"(//[^/@:]*:).*@", r"\1***@", url)
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database and not parsed.host and "?" not in url
    return str(parsed.database) if is_file else parsed.render_as_string(hide_password=True)


def _made(url: str) -> sa.URL:
    """SQLAlchemy's reading of a URL, for which a port that is no number is a ValueError."""
    try:
        return sa.make_url(url)
    except ValueError as error:
        raise ArgumentError("its port is no number") from error


def _parsed(url: str) -> sa.URL:
    if "//" not in url and "@" not in url:  # no URL with a slip in it, which may hold a password
        raise Refused(f"LAB_DATABASE_URL takes a URL, and that of this file is {file_url(Path(url))}.")
    parsed = _made(url)
    kind = parsed.get_backend_name()
    if kind != "sqlite" and kind not in SERVERS:
        raise Refused(f"its kind is none that the lab knows: name a file, such as {EXAMPLES}.")
    if kind == "sqlite":
        _check_names_a_file_only(url, parsed)
    return parsed


def _check_names_a_file_only(url: str, parsed: sa.URL) -> None:
    if "?" in url:
        raise Refused("in a URL a ? begins options, and a file has none here: write %3F for a ? in a path.")
    if parsed.host:  # SQLAlchemy would leave it out, and with it a part of the path
        raise Refused(
            f"a file's URL has three slashes or, for a path from the root, four: sqlite:///{url.split('://')[1]}."
        )


def _path(url: sa.URL) -> Path:
    """The file that a SQLite URL names."""
    if url.database in (None, "", ":memory:"):
        raise Refused("it would be lost when the lab ends: name a file, such as sqlite:///runs/lab.sqlite3.")
    return Path(str(url.database))


def _advice(error: BaseException) -> str:
    """What helps where a database cannot be opened."""
    if isinstance(error, ArgumentError):
        return f"name a file, such as {EXAMPLES}" if not isinstance(error, NoSuchModuleError) else NO_DRIVER
    if isinstance(error, ImportError):
        return "install that Python package"
    if advice := _what_helps(error):
        return advice
    if re.search("already exists|duplicate column|no such (table|column)", str(error)):
        return "its tables are not those of the version that it names, so use a backup copy of it"
    return "check the path and its permissions"


def _what_helps(error: BaseException) -> str:
    """What helps where the trouble is the disk's or its rights', also in the middle of the work; else empty."""
    if re.search("disk is full|No space left", str(error)):
        return "make room on its disk"
    if "disk I/O error" in str(error):  # where there is no room for its log, too, or no more for this user
        return "make room on its disk or, if there is room, check the disk itself"
    if "image is malformed" in str(error):
        return "it is damaged, so use a backup copy of it"
    return "check the permissions of the file and its folder" if "readonly database" in str(error) else ""


def _first_line(error: BaseException) -> str:
    """Without SQLAlchemy's name for what the database itself said."""
    error = getattr(error, "orig", None) or error
    return (str(error).splitlines() or [type(error).__name__])[0]
