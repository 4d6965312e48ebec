"""A database file from elsewhere: where the lab keeps its tables there must be tables, and none that acts by itself.

A view, a virtual table or a computed column makes rows without end out of a few bytes, and a trigger acts while the
copy is brought up to date. No lab makes any of them.
"""

from __future__ import annotations

import sqlalchemy as sa

from lab.store.schema import METADATA

SCHEMA = sa.text("SELECT type, name, tbl_name, sql FROM sqlite_master")
COMPUTED = (2, 3)
"""What SQLite calls hidden of a column: computed when it is read, or when it is written."""


def oddity(connection: sa.Connection) -> str | None:
    """What of the lab's tables no lab makes, as the end of a sentence; None where there is nothing of the kind."""
    for kind, name, table, sql in connection.execute(SCHEMA).all():
        if str(table).lower() not in METADATA.tables:
            continue
        if kind in ("view", "trigger"):
            return f"its {table} {'is a view' if kind == 'view' else f'has the trigger {str(name)[:40]!r}'}."
        if kind == "table" and str(sql).upper().split()[1:2] == ["VIRTUAL"]:
            return f"its {table} is a virtual table."
        if kind == "table" and (column := _computed(connection, str(table))):
            return f"its {table} computes the column {column[:40]!r}."
    return None


def _computed(connection: sa.Connection, table: str) -> str | None:
    columns = connection.execute(sa.text("SELECT name, hidden FROM pragma_table_xinfo(:name)"), {"name": table}).all()
    return next((str(column.name) for column in columns if column.hidden in COMPUTED), None)
