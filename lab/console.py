"""The terminal: what a user has named appears as typed, and nothing that it cannot show or take ends a command."""

from __future__ import annotations

import io
import os
import sys
import unicodedata
from contextlib import suppress
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

PIPE_WIDTH = 140
"""A pipe or a file has room."""
_INVISIBLE = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode's categories of control characters, halves of characters, and separators of lines and paragraphs."""
_REORDERING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""With these the rest of a line can be shown in another order than it has."""


def visible(text: str) -> str:
    """`text` on one line, its control characters written out: a line break as the two characters of `\\n`."""
    return "".join(_written_out(char) if _is_invisible(char) else char for char in text)


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in _INVISIBLE or char in _REORDERING


def _written_out(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")


class PlainConsole(Console):
    """A console for which every string is just text: no markup, no emoji codes, no control characters."""

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else PIPE_WIDTH
        super().__init__(width=width, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """A string as Rich's text; all strings that are printed or stand in a table come through here."""
        return super().render_str(visible(text), **options)

    def can_show(self, text: str) -> bool:
        """Whether the terminal's encoding has the characters of `text`."""
        try:
            text.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True


def replace_what_cannot_be_shown() -> None:
    """Have stdout and stderr print a question mark for each character that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def replace_what_is_closed() -> None:
    """Have stdout and stderr lead nowhere where they were closed (`>&-`): Python then has None in their place."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # as long as the process


def discard(stream: TextIO) -> None:
    """Send nowhere what `stream` still holds, else Python complains of it at its end."""
    with suppress(OSError, ValueError):  # a stream without a file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class ReaderMayLeave:
    """A stream for a program that goes on when nobody reads any more what it prints (`| head`), or its disk is full."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written; what cannot is lost."""
        try:
            return self._stream.write(text)
        except OSError:
            discard(self._stream)
            return len(text)

    def flush(self) -> None:
        """The same for what is still held back."""
        try:
            self._stream.flush()
        except OSError:
            discard(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
