"""What was learned, in a browser: cells, digits and values that are clicked, or reached by keyboard."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from browser.axe import findings
from lab_server import LabServer
from playwright.sync_api import BrowserContext, Page, expect

from lab.mnist import Mnist
from lab.predict import load_predictor
from lab.probe import layer_maps

expect.set_options(timeout=90_000)
Tabs = Callable[[str], Page]
MATRIX, GALLERY, VALUES = ".lab-confusion", ".st-key-mistakes_gallery", ".st-key-inside_values"


def test_a_cell_of_the_matrix_opens_exactly_its_digits_by_mouse_and_by_keyboard(
    server: LabServer, new_tab: Tabs
) -> None:
    page = new_tab(f"{server.address}/mistakes")
    cells = page.locator(f"{MATRIX} .wrong")
    expect(cells.first).to_be_visible()
    fullest = max(cells.all(), key=lambda cell: int(cell.inner_text()))
    label, answer, count = re.findall(r"\d+", fullest.get_attribute("aria-label") or "")
    assert int(count) > 1
    fullest.click()
    digits = page.locator(f"{GALLERY} button")
    expect(digits).to_have_count(int(count))
    for digit in digits.all():
        assert f": a {label}, read as {answer} with" in (digit.get_attribute("aria-label") or "")
    fullest.press("ArrowRight" if answer < label else "ArrowLeft")  # towards the right answers, which there always are
    reached = page.locator(f"{MATRIX} button:focus")
    expect(reached).to_have_attribute("aria-label", re.compile(rf"^{label} read as"))
    other, count = re.findall(r"\d+", (reached.get_attribute("aria-label") or "").replace(",", ""))[1:]
    assert other != answer
    reached.press("Enter")
    first = re.compile(rf": a {label}, read as {other} with")
    expect(digits.first).to_have_attribute("aria-label", first)
    expect(digits).to_have_count(min(int(count), 60))


def test_a_digit_leads_inside_and_a_click_on_a_value_shows_a_sum_that_is_the_value(
    server: LabServer, new_tab: Tabs, mnist: Mnist
) -> None:
    page = new_tab(f"{server.address}/mistakes")
    digit = page.locator(f"{GALLERY} button").nth(3)
    told = digit.get_attribute("aria-label") or ""
    number = int(re.findall(r"image ([\d,]+):", told)[0].replace(",", ""))
    digit.click()
    expect(page.get_by_text("Inside a network")).to_be_visible()
    expect(page.get_by_label("Test image", exact=True)).to_have_value(str(number))
    page.get_by_role("button", name=re.compile("^Layer 4,")).click()
    expect(page.get_by_text(re.compile(r"maps of layer 4$"))).to_be_visible()
    page.locator(".st-key-inside_maps button").nth(2).click()
    shown = page.locator(f"{VALUES} button")
    expect(shown).to_have_attribute("aria-label", re.compile("^Map 2 of layer 4"))
    side = layer_maps(load_predictor(), mnist.test_images[number, 0].numpy() / 255)[3].maps
    box = shown.bounding_box()
    assert box is not None
    across = box["width"] / side.shape[2]
    shown.click(position={"x": 6.5 * across, "y": 3.5 * across})
    expect_sum(page, (2, 3, 6), side)
    shown.press("Shift+ArrowDown")
    expect_sum(page, (2, 4, 6), side)


def test_the_unit_that_is_clicked_on_the_layers_page_is_in_its_address_and_outlives_a_reload(
    server: LabServer, new_tab: Tabs
) -> None:
    """A click there has a fragment drawn, and not its page."""
    page = new_tab(f"{server.address}/layers?step=3&tab=unit&image=7")
    shown = page.locator(".st-key-unit_click button")
    expect(shown).to_have_attribute("aria-label", re.compile("^Map 0 of layer 4"))
    box = shown.bounding_box()
    assert box is not None
    across = box["width"] / 12
    shown.click(position={"x": 6.5 * across, "y": 3.5 * across})
    expect(page.get_by_text("The unit in row 3, column 6 of layer 4 sees")).to_be_visible()
    expect(page).to_have_url(re.compile(r"image=7&value=0\.3\.6$"))
    page.reload()
    expect(page.get_by_text("The unit in row 3, column 6 of layer 4 sees")).to_be_visible()
    expect(page.get_by_text("Test image 7,")).to_be_visible()


def expect_sum(page: Page, place: tuple[int, int, int], maps: np.ndarray) -> None:
    """The sum that is shown ends in the value of the map at that place."""
    channel, row, column = place
    value = f"{maps[place]:.3f}".replace("-", "−")
    words = page.get_by_text(f"map {channel}, row {row}, column {column} of layer 4, and its sum")
    expect(words).to_contain_text(value)
    expect(page.locator(".ledger tr").last.locator(".number")).to_have_text(value)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_mistakes_and_inside(server: LabServer, context: BrowserContext, theme: str) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.goto(f"{server.address}/mistakes")
    expect(page.locator(f"{GALLERY} button").first).to_be_visible()
    assert findings(page) == []
    page.goto(f"{server.address}/inside")
    expect(page.locator(".st-key-inside_kernels button").first).to_be_visible()
    assert findings(page) == []
