"""Text that people wrote, shown as they wrote it.

Streamlit reads most texts as Markdown, with additions of its own: colours and badges (`:red[x]`), icons and emoji
(`:rocket:`), formulas (`$x$`), arrows (`->`). A run's name, or a sentence that quotes what was typed, goes through
`plain` first. Tables, select boxes and `st.html` (with `html.escape`) read no Markdown.
"""

from __future__ import annotations

import re

_MEANT = re.compile(r"[\\`*_\[\]<>#|~$&{}]|:(?=\S)|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d\d\d)[.)]")
"""What Markdown reads as more than itself, the last four at the start of a line only."""
_REPLACED = re.compile(r":(?=[\w+-]+:)|https?:(?=//)|www(?=\.)|@", re.IGNORECASE)
_ARROWS = ("<->", "->", "<-", "--", ">=", "<=", "~=")
"""What is replaced after the Markdown has been read, so that no escape helps: emoji, icons, addresses, arrows."""
_JOINER = "\u2060"
"""Has no width, and keeps apart what would be replaced."""


def plain(text: str) -> str:
    """`text` as Markdown that shows just it, on one line, wherever in a line of Markdown it is put."""
    words = (f"{word[0]}{_JOINER}{word[1:]}" if word in _ARROWS else word for word in text.split())
    line = _REPLACED.sub(lambda found: found[0] + _JOINER, " ".join(words))
    return _MEANT.sub(lambda found: f"&#{ord(found[0])};", line)
