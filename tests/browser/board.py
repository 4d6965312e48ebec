"""The board of the Draw page, drawn on with the mouse."""

from collections.abc import Callable, Sequence

from lab_server import LabServer
from playwright.sync_api import Locator, Page, expect

from lab.layers import layer_table
from lab.steps import step

Tabs = Callable[[str], Page]
ONE = [(140, 50), (140, 230)]
SEVEN = [(80, 70), (200, 70), (130, 230)]
Line = Sequence[tuple[float, float]]
LAYERS = len(layer_table(step(6).config.network))  # of the network that ships
LAYER_SHOWN = ".lab-layers [style*=background-image]"  # without an answer it is dark


def open_board(server: LabServer, new_tab: Tabs) -> tuple[Page, Locator]:
    """The Draw page and its canvas."""
    page = new_tab(f"{server.address}/draw")
    expect(page.get_by_text("The answer appears here while you draw.")).to_be_visible()
    canvas = page.locator(".lab-board canvas")
    expect(canvas).to_be_visible()
    return page, canvas


def draw(page: Page, canvas: Locator, line: Line, lifted: bool = True) -> None:
    """Draw a line with the mouse; `lifted`: and let go at its end."""
    box = canvas.bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(line):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=1 if number == 0 else 12)
        if number == 0:
            page.mouse.down()
    if lifted:
        page.mouse.up()


def expect_answer(page: Page, digit: str) -> None:
    expect(page.locator(".lab-answer-digit")).to_have_text(digit)
    expect(page.get_by_role("img", name=f"the highest: {digit} with")).to_be_visible()
