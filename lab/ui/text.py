"""Text that people wrote, shown as they wrote it.

Streamlit reads most texts as Markdown, with additions of its own: colours and badges (`:red[x]`), icons and emoji
(`:rocket:`), formulas (`$x$`), arrows (`->`). A run's name, or a sentence that quotes what was typed, goes through
`plain` first. Tables, select boxes and `st.html` (with `html.escape`) read no Markdown.
"""

from __future__ import annotations

import re
import unicodedata

_MEANT = re.compile(r"[\\`*_\[\]<>#|~$&{}]|:(?=\S)|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d\d\d)[.)]")
"""What Markdown reads as more than itself, the last four at the start of a line only."""
_REPLACED = re.compile(r":(?=[\w+-]+:)|https?:(?=//)|www(?=\.)|@", re.IGNORECASE)
_ARROWS = ("<->", "->", "<-", "--", ">=", "<=", "~=")
"""What is replaced after the Markdown has been read, so that no escape helps: emoji, icons, addresses, arrows."""
_JOINER = "\u2060"
"""Has no width, and keeps apart what would be replaced."""

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Signs without a width of their own that have all of the line behind them run the other way."""
_FIRST, _LAST = "\u2068", "\u2069"
"""What stands between these two runs its own way, and turns nothing around it."""


def plain(text: str) -> str:
    """`text` as Markdown that shows just it, on one line, wherever in a line of Markdown it is put."""
    text = _TURNING.sub("", text)
    if any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in text):  # Hebrew or Arabic, say
        return f"{_FIRST}{_escaped(text)}{_LAST}"
    return _escaped(text)


def _escaped(text: str) -> str:
    words = (f"{word[0]}{_JOINER}{word[1:]}" if word in _ARROWS else word for word in text.split())
    line = _REPLACED.sub(lambda found: found[0] + _JOINER, " ".join(words))
    return _MEANT.sub(lambda found: f"&#{ord(found[0])};", line)
