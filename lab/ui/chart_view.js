// What a reader has made of a chart: the part of its axes that he looks at, and the curves that he has hidden. The tab
// keeps it by chart, run and the figure's `uirevision`: it stays when the chart is drawn anew, and is found again when its
// page is left and come back to, or loaded anew. Plotly's own way, `uirevision`, knows it no longer than the chart is on the
// page.

const AXES = ["xaxis", "yaxis"];
const FOLLOWING = { autorange: true, range: undefined };  // as wide as its curves are now
const KEPT = "lab-chart-views", MOST_KEPT = 100;
const views = (window.labChartViews ??= keptViews());

// A reload forgets the page, and the tab does not; a browser may be told to keep nothing.
function keptViews() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"));
  } catch {
    return new Map();
  }
}

function keepViews() {
  const made = [...views].filter(([, { axes, hidden }]) => Object.keys(axes).length || hidden.length);
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(made.slice(-MOST_KEPT)));
  } catch {}
}

function viewOf(place, layout) {
  const name = JSON.stringify([place.called, place.live?.run, layout.uirevision]);
  if (!views.has(name)) views.set(name, { axes: {}, hidden: [] });
  return views.get(name);
}

// Draw what he looks at: into the figure as the page wants it.
function putView(place, { data, layout }) {
  place.view = viewOf(place, layout);
  delete layout.uirevision;
  for (const [axis, shown] of Object.entries(place.view.axes)) Object.assign(layout[axis], shown);
  for (const trace of data) if (place.view.hidden.includes(trace.name)) trace.visible = "legendonly";
}

function isWhole(place) {
  return Object.keys(place.view.axes).length === 0;
}

// From a zoom, the button and a double click lead back to the whole chart; without one, a double click has both axes follow
// the curves.
function hearsViews(place, redraw) {
  const show = (axes) => {
    place.view.axes = axes;
    keepViews();
    requestAnimationFrame(redraw);  // when Plotly is done with the click
  };
  place.on("plotly_relayout", (changes) => {
    for (const axis of AXES.filter((name) => Object.keys(changes).some((key) => key.startsWith(`${name}.`)))) {
      place.view.axes[axis] = { range: [...place._fullLayout[axis].range], autorange: false };
    }
    keepViews();
    offerTheWhole(place);
  });
  hearsTwoClicks(place, () => {
    const open = AXES.filter((axis) => !place._fullLayout[axis].fixedrange);
    show(isWhole(place) ? Object.fromEntries(open.map((axis) => [axis, FOLLOWING])) : {});
  });
  place.on("plotly_restyle", () => {
    place.view.hidden = place.data.filter(({ visible }) => visible === "legendonly").map(nameOf);
    keepViews();
  });
  place.on("plotly_legendclick", ({ curveNumber, event }) => {
    (event.detail === 2 ? showAlone : toggle)(place, curveNumber);
    return false;  // or Plotly would do something as well
  });
  whole(place).onclick = () => show({});
  return true;
}

// Plotly goes by the time at which it comes to a click: it misses a double one where the page is busy, takes a drag with a
// click soon after for one, and has the legend wait half a second for a second one. The browser knows when a mouse was
// pressed; it does not count touches.
const TWICE = 500;  // milliseconds from one tap to the next, at most

function hearsTwoClicks(place, clickedTwice) {
  let tapped = -TWICE;
  place.addEventListener("click", ({ detail, target, timeStamp }) => {
    if (!target.closest(".draglayer")) return;
    const isSecond = detail ? detail === 2 : timeStamp - tapped < TWICE;
    tapped = detail || isSecond ? -TWICE : timeStamp;
    if (isSecond) clickedTwice();
  });
}

function toggle(place, curve) {
  const isHidden = place.data[curve].visible === "legendonly";
  window.Plotly.restyle(place, { visible: isHidden || "legendonly" }, [curve]);
}

// Of the curves that the legend names; all of them again where it is alone already.
function showAlone(place, curve) {
  const named = [...place.data.keys()].filter((number) => place.data[number].showlegend !== false);
  const isAlone = named.every((number) => number === curve || place.data[number].visible === "legendonly");
  window.Plotly.restyle(place, { visible: named.map((number) => isAlone || number === curve || "legendonly") }, named);
}

function nameOf({ name, whole: full = name }) {
  return full;
}

function whole(place) {
  return place.closest(".lab-chart-frame").querySelector(".lab-chart-whole");
}

// The button stands in the upper right corner of the curves.
function offerTheWhole(place) {
  const { t, r } = place._fullLayout._size;
  const button = whole(place);
  Object.assign(button.style, { top: `${t + 4}px`, right: `${r + 4}px` });
  button.hidden = isWhole(place);
}
