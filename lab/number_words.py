"""Numbers as people read them: a true minus sign, a unit that is not torn off, no certainty where there is none."""

from __future__ import annotations

import re

MINUS = "−"
NO_BREAK = "\u00a0"
"""A space at which no line ends."""
_UNIT = re.compile(
    r"(?<=\d) (?=(?:%|±|s|ms|min|h|GB|points?)(?!\w))|(?<=[±<>]) (?=\d)|(?<=\d min) (?=\d)|(?<=\d h) (?=\d)"
)

_SIDES = re.compile(r"(?<=\d)×(?=\d)")


def signed(value: float, digits: int = 2) -> str:
    """`+0.12` or `−0.12`; what is neither more nor less after rounding is `0.00`."""
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}".replace("-", MINUS) if rounded else f"{0:.{digits}f}"


def decimal(value: float, digits: int) -> str:
    """`0.12`, `−0.12` or `1,234.50`."""
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", MINUS)


def percent_words(probability: float, digits: int = 1) -> str:
    """`83.1 %`; what is nearly certain, or nearly excluded, is not said to be so: `over 99.9 %`, `under 0.1 %`."""
    least = 10.0**-digits
    said = f"{100 * probability:.{digits}f}"
    if float(said) >= 100:
        said = f"over {100 - least:.{digits}f}"
    elif float(said) <= 0:
        said = f"under {least:.{digits}f}"
    return f"{said}{NO_BREAK}%"


def percent_sign(probability: float, digits: int = 1) -> str:
    """The same where there is little room: `83.1 %`, `> 99.9 %`, `< 0.1 %`."""
    return percent_words(probability, digits).replace("over ", f">{NO_BREAK}").replace("under ", f"<{NO_BREAK}")


def unbroken(text: str) -> str:
    """The text with each number kept on one line with its unit."""
    return _UNIT.sub(NO_BREAK, text)


def typed(text: str) -> str:
    """The text with the signs of a keyboard, for files that programs read and for terminals."""
    return _SIDES.sub("x", text.replace(MINUS, "-").replace(NO_BREAK, " "))
