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

// The theme that the page has now: a student may change it while a run goes on.
function themeOf(place) {
  const style = getComputedStyle(place);
  const value = (name) => style.getPropertyValue(name).trim();
  return { family: value("--st-font"), text: value("--st-text-color"), ground: value("--st-background-color") };
}

function themed({ data, layout }, theme) {
  layout.font = { family: theme.family, size: 12, color: theme.text };
  layout.hoverlabel = { bgcolor: theme.ground, font: { color: theme.text } };
  for (const axis of [layout.xaxis, layout.yaxis]) {
    axis.gridcolor = "rgba(128, 138, 148, 0.25)";
    axis.automargin = true;
    axis.spikecolor = "rgba(128, 138, 148, 0.8)";
    axis.spikethickness = -1;  // negative: without the white border that Plotly draws around it
    axis.title = { ...axis.title, font: { size: 13 } };
  }
  return { data, layout };
}

function draw(Plotly, place) {
  if (place._dragging) {  // a redraw would break off the user's drag: wait for its end
    setTimeout(() => draw(Plotly, place), 100);
    return;
  }
  const theme = themeOf(place);
  const wanted = JSON.stringify([theme, place.figure]);
  if (wanted === place.drawn) return;  // Streamlit asks at every refresh of the page
  place.drawn = wanted;
  const { data, layout } = themed(JSON.parse(place.figure), theme);
  const looks = JSON.stringify([layout, data.map(({ x, y, ...trace }) => [trace, x?.length > 0])]);
  if (looks === place.looks && hasFixedAxes(place)) {
    Plotly.animate(place, { data: data.map(({ x, y }) => ({ x, y })) }, POINTS_ONLY);
  } else {
    layout.width = place.clientWidth || undefined;  // 0 in a tab that is not open
    Plotly.react(place, data, layout, { displayModeBar: false });
    place.looks = looks;
  }
  place.widths ??= followWidth(Plotly, place);
}

// Where curves only grew, their points alone are drawn anew: axes, grid and legend take two thirds of the time. (A curve
// that gets its first points comes into the legend too.)
const POINTS_ONLY = { mode: "immediate", frame: { duration: 0, redraw: false }, transition: { duration: 0 } };

// An axis that follows its data needs the whole drawing; so does one that the user has told to, by a double click.
function hasFixedAxes(place) {
  return [place._fullLayout.xaxis, place._fullLayout.yaxis].every((axis) => !axis.autorange);
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
