"""What the number of a run can be: where one comes in from outside, it is read here."""

from __future__ import annotations

LARGEST = 2**63 - 1
"""What a database can count to."""


def run_number(text: str) -> int | None:
    """The number that `text` writes, or None when no run can have it."""
    digits = text.strip().lstrip("0")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(LARGEST))):
        return None  # Python itself refuses to read some thousands of digits
    return int(digits) if int(digits) <= LARGEST else None
