"""What a chart in the browser has drawn."""

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
