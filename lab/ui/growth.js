// How a drawn chart takes in what its run has said since: by lengthening its curves where they end, which costs a sixth of
// what a drawing by Plotly does. A curve that gets its first points, or another axis, is drawn by Plotly.

// What the page is told of the run that it shows; lab/ui/channel.js fills it, and says when it has grown.
const told = (window.labLive ??= Object.assign(new EventTarget(), { run: null, rows: [], axes: null, cursor: 0 }));

// What a chart does not show yet of what was told: `place.live` says which events its figure holds.
function untold(place) {
  return told.run === place.live.run ? told.rows.filter((row) => row.id > place.shows) : [];
}

// The id of the newest event that it shows once it shows all that was told.
function newest(place) {
  return told.run === place.live.run ? Math.max(place.shows, told.cursor) : place.shows;
}

// The points of some rows for this chart, curve by curve; `cut` is where the run goes back to.
function grown(place, rows) {
  const curves = new Map();
  let cut = null;
  for (const row of rows) {
    if (row.cut !== undefined) {
      cut = cut === null ? row.cut : Math.min(cut, row.cut);
      for (const [name, points] of curves) curves.set(name, points.filter(([x]) => x <= row.cut));
    }
    for (const [name, points] of Object.entries(row.add?.[place.live.chart] ?? {})) {
      curves.set(name, [...(curves.get(name) ?? []), ...points]);
    }
  }
  return { curves, cut };
}

// A figure with all that was told after it was made.
function upToDate(place, figure) {
  if (!place.live) return figure;
  place.shows = place.live.cursor;
  const { curves, cut } = grown(place, untold(place));
  for (const trace of figure.data) {
    if (!place.live.curves.includes(trace.name)) continue;
    const kept = cut === null ? trace.x.map(() => true) : trace.x.map((x) => x <= cut);
    const points = curves.get(trace.name) ?? [];
    trace.x = [...trace.x.filter((_, i) => kept[i]), ...points.map(([x]) => x)];
    trace.y = [...trace.y.filter((_, i) => kept[i]), ...points.map(([, y]) => y)];
  }
  place.shows = newest(place);
  Object.assign(figure.layout.yaxis, axisNow(place));
  return figure;
}

// The vertical axis that the run has now, where that is known of it and the chart follows it.
function axisNow(place) {
  const { run, chart, axis, cursor, least } = place.live;
  const known = told.run === run && told.cursor > cursor && axis !== null ? told.axes?.[chart] : null;
  if (!known) return {};
  const { range, ...others } = known[axis];
  return { ...others, range: least === null ? range : [Math.min(range[0], least), range[1]] };
}

// Take in what is new. `redraw` draws the whole chart.
function grow(place, redraw) {
  if (!place.live || !place._fullLayout || place.shows === undefined) return;
  if (place._dragging) {  // it waits for the end of the user's drag, but on no page that was left
    if (place.isConnected) setTimeout(() => grow(place, redraw), 100);
    return;
  }
  const rows = untold(place);
  const { curves, cut } = grown(place, rows);
  const axis = axisNow(place).range;
  const ends = [...curves].filter(([, points]) => points.length).map(([name, points]) => endOf(place, name, points));
  if (cut !== null || ends.includes(null) || (axis && String(axis) !== String(place.axis))) {
    redraw();
    return;
  }
  ends.forEach((end) => lengthen(place, end));
  if (ends.length) sayInWords(place);
  place.shows = newest(place);
}

// Where a curve ends and what comes; null where it has to be drawn anew.
function endOf(place, name, points) {
  const index = place.data.findIndex((trace) => trace.name === name);
  const drawn = place.calcdata?.[index];
  const trace = drawn?.[0]?.trace;
  const group = drawn?.[0]?.node3?.node();
  const [path, marker] = ["lines path.js-line", "points path.point"].map((part) => group?.querySelector(`.${part}`));
  const { xaxis, yaxis } = place._fullLayout;
  const plain = trace?.visible === true && drawn.length > 1 && path && (trace.mode === "lines" || marker);
  const fixed = !xaxis.autorange && !yaxis.autorange;
  const whole = points.every(([, y]) => y !== null) && place.data[index]?.y.at(-1) !== null;
  return plain && fixed && whole ? { trace: place.data[index], drawn, path, marker, points } : null;
}

// Points that one added line holds at most: the more, the larger the place that is painted anew with each of them; the
// fewer, the more lines there are for the browser to look through at every frame.
const HELD = 20;

// What comes is a line of its own, which Plotly takes in with its next drawing: only where it stands is painted anew.
function lengthen(place, { trace, drawn, path, marker, points }) {
  const { xaxis, yaxis } = place._fullLayout;
  const pixels = (x, y) => `${xaxis.c2p(x).toFixed(2)},${yaxis.c2p(y).toFixed(2)}`;
  const line = addedLine(path, pixels(drawn.at(-1).x, drawn.at(-1).y));
  for (const [x, y] of points) {
    line.way += `L${pixels(x, y)}`;
    line.holds += 1;
    drawn.push({ ...drawn.at(-1), x, y, i: drawn.length });
    trace.x.push(x);
    trace.y.push(y);
    if (marker) mark(marker, xaxis.c2p(x), yaxis.c2p(y));
  }
  drawn[0].trace._length = drawn.length;
  line.setAttribute("d", line.way);
}

// The line that was added last, or another one where it is full or Plotly has drawn since.
function addedLine(path, end) {
  const last = path.nextElementSibling;
  if (last?.holds < HELD && last.getAttribute("d") === last.way) return last;
  const line = Object.assign(path.cloneNode(), { way: `M${end}`, holds: 0 });
  path.after(line);
  return line;
}

function mark(marker, x, y) {
  const one = marker.cloneNode();
  one.setAttribute("transform", `translate(${x.toFixed(2)},${y.toFixed(2)})`);
  marker.parentNode.append(one);
}
