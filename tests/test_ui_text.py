"""User text is text: what `plain` makes of a name shows that name. tests/browser reads it as a browser shows it."""

import ast
import re
from pathlib import Path

import pytest
from app_pages import as_read
from hypothesis import given
from hypothesis import strategies as st
from nasty import NASTY_NAMES

from lab.ui.text import plain

ROOT = Path(__file__).parent.parent


TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text(st.characters(codec="utf-8", exclude_characters=f"\u2060&{TURNING}"), max_size=40))
def test_whatever_is_typed_is_read_again_on_one_line(text: str) -> None:
    assert as_read(plain(text)) == " ".join(text.split())
    assert "\n" not in plain(text)


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_nothing_of_a_name_is_left_that_markdown_would_read(name: str) -> None:
    left = re.sub("&#[0-9]+;", "", plain(name))
    assert not set(left) & set("\\`*_[]<>#|~$&{}")
    assert not re.search(r":\S", left)


@pytest.mark.parametrize("name", ["Step 3, batch norm and dropout, seed 1", "lr 0.1 (mine!)", "a - b, c = d", "5 + 3"])
def test_an_ordinary_name_is_left_as_it_is(name: str) -> None:
    assert plain(name) == name


@pytest.mark.parametrize("sign", TURNING)
def test_no_name_turns_what_stands_behind_it(sign: str) -> None:
    assert plain(f"abc{sign}gnp.exe") == "abcgnp.exe"


@pytest.mark.parametrize("name", ["שלום 3", "مرحبا 128"])
def test_a_name_that_runs_from_right_to_left_is_kept_apart_from_the_numbers_behind_it(name: str) -> None:
    assert plain(name) == f"\u2068{name}\u2069"


def test_pages_show_no_sentence_of_somebody_elses_as_markdown() -> None:
    """What st.error and st.warning get is written there, or goes through `plain`."""
    for path in (*(ROOT / "pages").glob("*.py"), *(ROOT / "lab" / "ui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ("error", "warning") and ast.unparse(node.func.value) not in ("log", "logging"):
                (shown, *_) = node.args
                written = isinstance(shown, ast.Constant)
                escaped = isinstance(shown, ast.Call) and ast.unparse(shown.func) == "plain"
                assert written or escaped, f"{path.name}:{node.lineno} shows {ast.unparse(shown)} as Markdown"
