"""What a config's field may hold and what it is called, stated once, beside the field.

    epochs: Annotated[int, Whole("Epochs", 1, 200, "Passes over the data.")] = 15

Validation (`check`), the pages' widgets and what is typed into them (`Number.parse`), and the command line read it.
"""

from __future__ import annotations

import re
import reprlib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from decimal import Decimal
from functools import lru_cache
from types import NoneType
from typing import Annotated, Any

_NUMBER = re.compile(r"[+-]?(\d{1,40}\.?\d{0,40}|\.\d{1,40})(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = 60


class ConfigError(ValueError):
    """A value that no run can have; the message names the field, the value and the allowed range."""


def shown(value: object) -> str:
    """A wrong value as a sentence names it: however large or deep it is, in a few words."""
    return _repr.repr(value)


def number_text(value: float) -> str:
    """A number in full and without an exponent, so that reading it gives the same number: `0.00005`, `60000`."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`, both included."""

    label: str
    low: float
    high: float
    help: str
    step: float = 1
    """Between two marks of a slider; any value in the range is allowed."""
    whole: bool = False
    """Whether only whole numbers are meant; their values are ints."""

    @property
    def limits(self) -> str:
        """The range in words."""
        if self.whole:
            return f"a whole number from {self.low:,} to {self.high:,}"
        return f"a number from {number_text(self.low)} to {number_text(self.high)}"

    def problem(self, name: str, value: object) -> str | None:
        """Why the field called `name` cannot have this value; None when it can."""
        is_number = isinstance(value, int if self.whole else (int, float)) and not isinstance(value, bool)
        if is_number and self.low <= typing.cast(float, value) <= self.high:  # NaN is in no range
            return None
        return f"{name} is {shown(value)}; it must be {self.limits}."

    def parse(self, name: str, text: str) -> float:
        """The number that a person typed into the field called `name`.

        Raises:
            ConfigError: it is none, or out of range. A comma is refused: to some it means thousands, to others tenths.
        """
        text = text.strip()
        if "," in text:
            instead = "in digits only: 6000" if self.whole else "with a point: 0.02"
            raise ConfigError(f"{name} is {shown(text)}; write it without a comma, {instead}.")
        number: object = text
        if _NUMBER.fullmatch(text):
            exact = Decimal(text)
            is_whole = self.whole and exact == exact.to_integral_value() and abs(exact) < 10**40
            number = int(exact) if is_whole else float(exact)
        if self.problem(name, number):
            typed = shown(text) if number is text or len(text) > 40 else text  # quoted where it is no number at all
            raise ConfigError(f"{name} is {typed}; it must be {self.limits}.")
        return typing.cast(float, number)


@dataclass(frozen=True)
class Whole(Number):
    """A whole number from `low` to `high`, both included."""

    whole: bool = True


@dataclass(frozen=True)
class Choice:
    """One of the values of the field's `Literal`."""

    label: str
    help: str
    named: str = ""
    """What a sentence calls the field, where its own name says too little: the `kind` of an optimizer."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What a page calls a value that does not speak for itself."""
    options: tuple[str, ...] = ()
    """The values of the `Literal`, filled in by `about`."""

    def problem(self, name: str, value: object) -> str | None:
        """Why the field called `name` cannot have this value; None when it can."""
        if value in self.options:
            return None
        return f"{self.named or name} is {shown(value)}; it must be one of {', '.join(self.options)}."


@dataclass(frozen=True)
class Switch:
    """On or off."""

    label: str
    help: str

    def problem(self, name: str, value: object) -> str | None:
        """Why the field called `name` cannot have this value; None when it can."""
        return None if isinstance(value, bool) else f"{name} is {shown(value)}; it must be true or false."


Field = Number | Choice | Switch


@lru_cache
def about(kind: type) -> Mapping[str, Field]:
    """What each field of the dataclass `kind` may hold, by its name; fields that are dataclasses are left out."""
    found: dict[str, Field] = {}
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        if typing.get_origin(hint) is Annotated:
            plain, stated = typing.get_args(hint)
            found[name] = replace(stated, options=typing.get_args(plain)) if isinstance(stated, Choice) else stated
    return found


def number(kind: type, name: str) -> Number:
    """What is stated beside a field that is a number."""
    stated = about(kind)[name]
    assert isinstance(stated, Number)
    return stated


@lru_cache
def _plain_hints(kind: type) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)


@lru_cache
def _may_be_empty(kind: type) -> frozenset[str]:
    return frozenset(name for name in about(kind) if NoneType in typing.get_args(_plain_hints(kind)[name]))


def check(value: object) -> None:
    """Hold every field of a dataclass against what is stated beside it.

    Raises:
        ConfigError: the first that does not fit.
    """
    kind: type = type(value)
    for name, stated in about(kind).items():
        held = getattr(value, name)
        problem = None if held is None and name in _may_be_empty(kind) else stated.problem(name, held)
        if problem:
            raise ConfigError(problem)


def leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, type, Any]]:
    """Of every field of a dataclass and of the dataclasses in it: its dotted name, whose field it is, and its value."""
    for item in fields(value):
        inner, name = getattr(value, item.name), f"{prefix}{item.name}"
        if is_dataclass(inner):
            yield from leaves(inner, f"{name}.")
        else:
            yield name, type(value), inner


def build(kind: type, data: object, where: str) -> object:
    """`data`, a JSON value, as an instance of the dataclass `kind`; `where` names it in sentences.

    Raises:
        ConfigError: it is no object, or a field is unknown, missing or not what is stated beside it.
    """
    if not isinstance(data, dict):
        raise ConfigError(f"{where} is {shown(data)}; it must be an object.")
    known = _plain_hints(kind)
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise ConfigError(f"{where} has no field {shown(unknown[0])}.")
    values = {name: _part(known[name], value, where, name) for name, value in data.items()}
    try:
        return kind(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    except TypeError as error:
        raise ConfigError(f"{where} lacks a field: {error}.") from error


def _part(hint: Any, value: object, where: str, name: str) -> object:
    """A field's value: a dataclass, a tuple of dataclasses (each called a "layer" in `layers`), or as it is."""
    if is_dataclass(hint):
        return build(typing.cast(type, hint), value, f"{where}.{name}")
    if typing.get_origin(hint) is not tuple:
        return value
    if not isinstance(value, list):
        raise ConfigError(f"{where}.{name} is {shown(value)}; it must be a list.")
    kind = typing.get_args(hint)[0]
    return tuple(build(kind, item, f"{name.removesuffix('s')} {place}") for place, item in enumerate(value, start=1))
