"""The bundle of Plotly that the browser gets."""

from plotly.offline import get_plotlyjs_version

from lab.ui.chart import SCRIPT


def test_the_bundle_has_the_version_that_the_plotly_package_makes_figures_for() -> None:
    head = SCRIPT.read_text(encoding="utf-8")[:200]
    assert f"plotly.js (cartesian - minified) v{get_plotlyjs_version()}" in head
    assert "MIT license" in head and "Permission is hereby granted" in SCRIPT.with_name("LICENSE").read_text()


def test_nothing_but_the_script_and_its_licence_is_served_with_it() -> None:
    """The whole folder has an address."""
    assert {path.name for path in SCRIPT.parent.iterdir()} == {SCRIPT.name, "LICENSE"}
