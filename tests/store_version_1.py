"""A database file as the labs before version 2 wrote it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from examples import tiny_run
from stories import STARTED, WINDOW, whole

from lab.config import to_json
from lab.events import Finished

TABLES = """
CREATE TABLE runs (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, config TEXT NOT NULL,
    status VARCHAR(16) NOT NULL, command VARCHAR(16) NOT NULL, reason TEXT NOT NULL, hardware TEXT NOT NULL,
    host TEXT, device VARCHAR(16), worker TEXT, heartbeat FLOAT, created FLOAT NOT NULL, started FLOAT, ended FLOAT
);
CREATE TABLE events (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL, kind VARCHAR(16) NOT NULL,
    time FLOAT NOT NULL, payload TEXT NOT NULL, FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
CREATE TABLE checkpoints (
    run_id INTEGER NOT NULL, epoch INTEGER NOT NULL, weights BLOB NOT NULL, predictions BLOB NOT NULL,
    optimizer_state BLOB, PRIMARY KEY (run_id, epoch), FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX one_live_run_per_device ON runs (host, device) WHERE status IN ('running', 'paused');
CREATE INDEX ix_events_run_id ON events (run_id);
"""
"""Of the lab before databases had versions."""


def in_words_of_version_1(text: str) -> str:
    for new, old in (
        ('"engine": "fastest"', '"path": "fast"'),
        ('"engine": "PyTorch"', '"path": "plain"'),
        ("iterations_per_epoch", "steps_per_epoch"),
        ('"iteration"', '"step"'),
    ):
        text = text.replace(new, old)
    return text


@contextmanager
def rows_of(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def make_version_1(path: Path) -> None:
    """Two finished runs, the second a copy of the first, and one that waits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    story = [STARTED, WINDOW, *(whole(number) for number in (1, 2, 3)), Finished()]
    with rows_of(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(TABLES)
        for run_id, status in ((1, "finished"), (2, "finished"), (3, "queued")):
            config = in_words_of_version_1(to_json(tiny_run()))
            row = (run_id, f"run {run_id}", config, status, "run", "", "a CPU, plain path", 1000.5)
            columns = "id, name, config, status, command, reason, hardware, created"
            connection.execute(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        for run_id in (1, 2):
            for event in story:
                kept = (run_id, event.kind, 1001.0, in_words_of_version_1(json.dumps(event.row())))
                connection.execute("INSERT INTO events (run_id, kind, time, payload) VALUES (?, ?, ?, ?)", kept)
            for number in (1, 2, 3):
                blobs = whole(number).checkpoint
                assert blobs is not None
                state = blobs.optimizer_state if number == 3 else None
                kept_blobs = (run_id, number, blobs.weights, blobs.predictions, state)
                connection.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?)", kept_blobs)
