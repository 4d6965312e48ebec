// Draws a Plotly figure into the page, and every later one into the same chart: nothing flickers, and what the user has
// zoomed or hidden stays for as long as the figure's `uirevision` does.

function plotly(address) {
  window.labPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error(`${address} cannot be loaded`));
    document.head.append(script);
  });
  return window.labPlotly;
}

function themed(figure, place) {
  const style = getComputedStyle(place);
  const colour = (name) => style.getPropertyValue(name).trim();
  const layout = figure.layout;
  layout.font = { family: colour("--st-font"), size: 12, color: colour("--st-text-color") };
  layout.hoverlabel = { bgcolor: colour("--st-background-color"), font: { color: colour("--st-text-color") } };
  for (const axis of [layout.xaxis, layout.yaxis]) {
    axis.gridcolor = "rgba(128, 138, 148, 0.25)";
    axis.automargin = true;
    axis.spikecolor = "rgba(128, 138, 148, 0.8)";
    axis.spikethickness = -1;  // negative: without the white border that Plotly draws around it
    axis.title = { ...axis.title, font: { size: 13 } };
  }
  return figure;
}

function draw(Plotly, place) {
  if (place._dragging) {  // a redraw would break off the user's drag: wait for its end
    setTimeout(() => draw(Plotly, place), 100);
    return;
  }
  const { data, layout } = themed(JSON.parse(place.figure), place);
  layout.width = place.clientWidth || undefined;  // 0 in a tab that is not open
  Plotly.react(place, data, layout, { displayModeBar: false });
  place.widths ??= followWidth(Plotly, place);
}

// Keeps a chart as wide as its column: that changes with the window, and when the tab that it stands in is opened.
function followWidth(Plotly, place) {
  const widths = new ResizeObserver(() => {
    const width = place.clientWidth;
    if (width && width !== place.layout.width) Plotly.relayout(place, { width });
  });
  widths.observe(place);
  return widths;
}

export default function ({ parentElement, data }) {
  const place = parentElement.querySelector(".lab-chart");
  place.figure = data.figure;
  plotly(data.plotly).then((Plotly) => draw(Plotly, place));
}
