"""What needs no torch really starts without it."""

import subprocess
import sys
from pathlib import Path

import pytest
from source_reading import breaches, imports_at_once, reachable, sources

ROOT = Path(__file__).parent.parent


def loads_torch(code: str) -> bool:
    """Whether a fresh interpreter has imported torch after this code."""
    code += "\nimport sys\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()[-1] == "True"


def test_what_is_served_beside_the_pages_starts_without_torch() -> None:
    """A drawing is read with it, once there is one."""
    assert breaches(reachable("lab/web/__init__.py", imports_at_once), ["torch"]) == []
    assert not loads_torch("import lab.web")


def test_the_describing_rooms_really_start_without_torch() -> None:
    assert not loads_torch("import lab.config, lab.layers, lab.memory, lab.steps, lab.store, lab.cli")


def open_page(name: str) -> str:
    """Code that opens the app at a page."""
    return f"""
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("lab/ui/script.py", default_timeout=120).run()
if "{name}" != "start":
    app.switch_page("../../pages/{name}.py").run()
assert not app.exception and app.title, app
"""


@pytest.mark.parametrize("page", ["start", "steps", "runs"])
def test_a_page_that_needs_no_torch_is_drawn_without_it(page: str) -> None:
    assert not loads_torch(open_page(page))


def test_what_the_other_pages_import_has_no_torch_either() -> None:
    """They import it where they need it: their first drawing does not wait for it."""
    modules = [
        path for path in sources() if path.startswith("lab/ui/") and not path.endswith(("__init__.py", "script.py"))
    ]
    names = ", ".join(path.removesuffix(".py").replace("/", ".") for path in modules)
    assert "lab.ui.controls" in names
    assert not loads_torch(f"import {names}")


def test_a_page_that_needs_torch_is_found_out() -> None:
    assert loads_torch(open_page("train"))
