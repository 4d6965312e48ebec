"""What a chart in the browser has drawn, and how one zooms into it."""

from playwright.sync_api import Page


def points(page: Page, chart: str, trace: str) -> int:
    """How many points a curve has in the browser now."""
    return int(page.evaluate(POINTS, [chart, trace]))


def wait_for_points(page: Page, chart: str, trace: str, more_than: int) -> int:
    """Wait until a curve has more points than that; returns how many."""
    page.wait_for_function(
        f"([[chart, trace], than]) => ({POINTS})([chart, trace]) > than", arg=[[chart, trace], more_than]
    )
    return points(page, chart, trace)


POINTS = """([chart, trace]) => {
    const plot = document.querySelector(`.st-key-${chart} .js-plotly-plot`);
    const curve = (plot?.data ?? []).find(curve => curve.name === trace);
    return curve?.x?.length ?? 0;
}"""


def limits(page: Page, chart: str) -> dict[str, list[float]]:
    """The ranges of both axes."""
    found: dict[str, list[float]] = page.evaluate(LIMITS, chart)
    return found


LIMITS = """chart => {
    const layout = document.querySelector(`.st-key-${chart} .js-plotly-plot`)._fullLayout;
    return { x: [...layout.xaxis.range], y: [...layout.yaxis.range] };
}"""


def drag(page: Page, chart: str) -> None:
    """Zoom into the middle of a chart, as one does with a mouse."""
    box = page.locator(f".st-key-{chart} .nsewdrag").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    for share in (0.4, 0.6):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + (share + 0.1) * box["height"], steps=5)
    page.mouse.up()


def zoom_into(page: Page, chart: str) -> dict[str, list[float]]:
    """Zoom, and wait until that is drawn; the ranges then."""
    whole = limits(page, chart)
    drag(page, chart)
    page.wait_for_function(
        f"([chart, whole]) => JSON.stringify(({LIMITS})(chart)) !== JSON.stringify(whole)", arg=[chart, whole]
    )
    return limits(page, chart)


def until_whole(page: Page, chart: str, whole: dict[str, list[float]]) -> None:
    """Wait until a chart shows these ranges."""
    page.wait_for_function(
        f"([chart, whole]) => JSON.stringify(({LIMITS})(chart)) === JSON.stringify(whole)", arg=[chart, whole]
    )
