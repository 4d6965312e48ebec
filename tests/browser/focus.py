"""Where the keyboard is on a page, and whether one can see it there."""

from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass(frozen=True)
class Focus:
    """The element that a key would reach now."""

    name: str
    is_seen: bool


FOCUS = """() => {
    let element = document.activeElement;
    while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    let { left, top, right, bottom } = element.getBoundingClientRect();
    let isSeen = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    const outward = (inner) => inner.parentElement ?? inner.getRootNode().host;
    for (let around = outward(element); around; around = outward(around)) {
        if (getComputedStyle(around).overflow === "visible") continue;
        const box = around.getBoundingClientRect();
        [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
        [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
    }
    const name = element.getAttribute("aria-label") || element.title || element.textContent.trim().slice(0, 60);
    return [element.tagName, name, isSeen && right - left >= 1 && bottom - top >= 1];
}"""


def tab_through(page: Page, at_most: int = 80) -> list[Focus]:
    """Every element that Tab reaches, from the top of the page to its end."""
    page.evaluate("document.activeElement.blur()")
    _tab_to_the_end(page, at_most)  # it goes on from where the mouse clicked
    return _tab_to_the_end(page, at_most)


def _tab_to_the_end(page: Page, at_most: int) -> list[Focus]:
    reached: list[Focus] = []
    for _ in range(at_most):
        page.keyboard.press("Tab")
        tag, name, is_seen = page.evaluate(FOCUS)
        if tag == "BODY":
            return reached
        reached.append(Focus(f"{tag.lower()} {name}", is_seen))
    raise AssertionError(f"Tab does not leave the page: {reached}")
