"""Run names in the charts, as Plotly draws them in a real browser: in the legend and in the hover, as typed."""

import json

from playwright.sync_api import Browser
from summaries import epochs, summary

from lab.groups import each
from lab.overlay import overlay_figure
from lab.ui.chart import SCRIPT

NAMES = [
    "lr<b>0.1</b>",
    "5*5 vs 3*3",
    "$x$",
    "%{y}",
    "a<br>b",
    "&amp; &lt;",
    "<i>é</i> %{meta[0]} and a name that is far too long for a label, $0.1$",
]


def test_a_runs_name_stands_as_typed_in_the_legend_and_in_the_hover(browser: Browser) -> None:
    runs = [summary(epochs(98.0, 99.0), run=number, name=name) for number, name in enumerate(NAMES)]
    page = browser.new_page(viewport={"width": 1400, "height": 700})
    page.set_content("<div id='chart'></div>")
    page.add_script_tag(path=SCRIPT)
    figure = json.loads(json.dumps(overlay_figure(each(runs), "accuracy")))
    page.evaluate("({data, layout}) => Plotly.newPlot('chart', data, {...layout, width: 1300})", figure)
    legend = page.locator(".infolayer .legendtext")
    assert legend.all_text_contents() == [f"run {number}: {name}" for number, name in enumerate(NAMES)]

    plot = page.locator(".nsewdrag").bounding_box()
    assert plot is not None
    second_epoch = plot["x"] + plot["width"] * 2 / 2.3  # the axis ends at 2.3
    page.mouse.move(plot["x"] + 50, plot["y"] + 40)
    page.mouse.move(second_epoch, plot["y"] + 100, steps=8)
    hover = page.locator(".hoverlayer text")
    hover.first.wait_for(state="attached")
    assert hover.all_text_contents()[1:] == [f"run {number}: {name} : 99.00 %" for number, name in enumerate(NAMES)]
    page.close()
