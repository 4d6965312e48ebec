// Draws a Plotly figure into the page, and every later one into the same chart: nothing flickers, and what the user has
// zoomed or hidden stays. lab/ui/growth.js, chart_view.js and chart_words.js stand before this file.

const PAUSES = [0.3, 1, 2, 4];  // seconds before the second, third ... try to load Plotly

// One for all charts of the page. `came` is kept with Plotly in the end, whatever failed before; `tries` is broken when
// enough of them have failed, and then whoever asks next begins anew.
function plotly(path) {
  window.labPlotly ??= withResolver();
  const { tell } = window.labPlotly;
  window.labPlotly.tries ??= load(path).then(tell, (error) => {
    window.labPlotly.tries = undefined;
    throw error;
  });
  return window.labPlotly;
}

function withResolver() {
  let tell;
  const came = new Promise((resolve) => { tell = resolve; });
  return { came, tell };
}

async function load(path) {
  for (const pause of PAUSES) {
    try {
      return await loadOnce(path);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000 * pause));
    }
  }
  return loadOnce(path);
}

// The path is taken from the page's own: all pages stand in the folder that the lab is served from, and only the browser
// knows what that is called where a proxy stands before the server.
function loadOnce(path) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const fail = () => {
      script.remove();
      reject(new Error(`${script.src} cannot be loaded`));
    };
    script.src = new URL(path, document.baseURI);
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : fail());  // a page that says "not found" loads, too
    script.onerror = fail;
    document.head.append(script);
  });
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
    axis.title = { ...axis.title, font: { size: 13, ...axis.title?.font } };
  }
  return { data, layout };
}

// Where there is little room for the type (on a narrow screen, or where it is large) the labels at the lines' ends are short
// and the epochs as many as have room, so that most of the width is left to the curves.
const NARROW = 480, LETTER = 7, BESIDE = 28, TICK = 17, HEIGHTS = 50;  // pixels, in type of the usual size
const TYPE = 12;

function isNarrow(place) {
  return place.clientWidth > 0 && place.clientWidth < NARROW * place.larger;  // 0 in a tab that is not open
}

// A name in the legend is as long as the chart has room for, and says so where it is not whole: its end, which tells the
// lab's own names apart, stays. The words for who does not see the chart have all of it.
const SAMPLE = 55, END = 12;  // pixels beside a name, and characters of its end

function shortened(data, layout, place) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${layout.legend?.font?.size ?? TYPE}px ${layout.font.family}`;
  const room = place.clientWidth - layout.margin.l - layout.margin.r - SAMPLE * place.larger;
  for (const trace of layout.legend && place.clientWidth ? data : []) {
    const whole = asRead(trace.name ?? "");
    let kept = whole.length;
    const begun = () => whole.slice(0, kept - END).trimEnd();
    const cut = () => (kept < whole.length ? `${begun()}… ${whole.slice(-END).trimStart()}` : whole);
    while (kept > 2 * END && pen.measureText(cut()).width > room) kept -= 1;
    if (kept < whole.length) Object.assign(trace, { whole: trace.name, name: asTyped(cut()) });
  }
}

// As lab/figures.py has Plotly show words literally.
function asTyped(words) {
  return words.replace(/[&<>$%]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function fitted(layout, place) {
  place.larger = (layout.legend?.font?.size ?? TYPE) / TYPE;
  place.narrow = isNarrow(place);
  if (!place.narrow) return;
  const short = (layout.annotations ?? []).filter(({ name }) => name);
  for (const note of short) note.text = note.name;
  const longest = Math.max(...short.map(({ text }) => text.length));
  if (short.length) layout.margin.r = place.larger * (BESIDE + LETTER * longest);
  const room = Math.floor((place.clientWidth - layout.margin.r - HEIGHTS * place.larger) / (TICK * place.larger));
  if (layout.xaxis.nticks > room) layout.xaxis.nticks = Math.max(2, room);
}

// On a large screen a chart uses its height, but for a strip beside other things. As wide and as high as in lab/ui/look.css.
const LARGE = matchMedia("(min-width: 1700px) and (min-height: 900px)");
const STRIP = 290, USUAL = 900, MOST = 1.6;
// On a low one a run's charts are only as high as leaves them whole below what stands above them, while they can still be
// read: both in the page's type, lab/ui/look.css has the one. On a phone one scrolls to them in any case.
const BESIDE_EACH_OTHER = matchMedia("(min-width: 701px)");
const LEAST = 13.5;

function heightOf({ height }, place) {
  if (height < STRIP) return height;
  const wanted = LARGE.matches ? Math.round(height * Math.min(MOST, innerHeight / USUAL)) : height;
  return place.live && BESIDE_EACH_OTHER.matches ? Math.min(wanted, roomBelow()) : wanted;
}

function roomBelow() {
  const page = getComputedStyle(document.documentElement);
  const type = parseFloat(page.fontSize);
  const above = parseFloat(page.getPropertyValue("--lab-above-charts"));
  return Math.round(Math.max(LEAST * type, innerHeight - above * type));
}

// Its bar, its double click and its word about that: lab/ui/chart_view.js has its own.
const CONFIG = { displayModeBar: false, doubleClick: false, showTips: false };

function draw(Plotly, place) {
  if (!place.isConnected) return;  // the page was left
  if (place._dragging) {  // a redraw would break off the user's drag: wait for its end
    setTimeout(() => draw(Plotly, place), 100);
    return;
  }
  const theme = themeOf(place);
  const wanted = JSON.stringify([theme, place.figure, place.live]);
  if (wanted === place.drawn) return;  // Streamlit asks at every refresh of the page
  place.drawn = wanted;
  place.closest(".lab-chart-frame").dataset.state = "drawn";
  drawWhole(Plotly, place, theme);
  place.sizes ??= followSize(Plotly, place);
  if (place.live) follow(Plotly, place);
}

function drawWhole(Plotly, place, theme) {
  const { data, layout } = themed(upToDate(place, JSON.parse(place.figure)), theme);
  place.axis = layout.yaxis.range && [...layout.yaxis.range];
  putView(place, { data, layout });
  fitted(layout, place);
  shortened(data, layout, place);
  layout.height = heightOf(layout, place);
  layout.width = place.clientWidth || undefined;  // 0 in a tab that is not open
  const before = legendHeight(place);
  Plotly.react(place, data, layout, CONFIG);
  // A legend with another number of lines Plotly still places by the room of the one before: over the curves.
  if (before && legendHeight(place) !== before) Plotly.redraw(place);
  place.hearsViews ??= hearsViews(place, () => drawWhole(Plotly, place, themeOf(place)));
  offerTheWhole(place);
  sayInWords(place);
}

function legendHeight(place) {
  return place._fullLayout?.legend?._height;
}

// Grow whenever the run has said something, for as long as the chart is on the page.
function follow(Plotly, place) {
  place.following ??= () => grow(place, () => drawWhole(Plotly, place, themeOf(place)));
  told.addEventListener("grown", place.following);
}

// Keeps a chart as wide as its column, and as high as its window lets it be: that changes with the window, and when the tab
// that it stands in is opened.
function followSize(Plotly, place) {
  const sizes = new ResizeObserver(() => {
    if (!place.isConnected) sizes.disconnect();
    const [width, height] = [place.clientWidth, reserve(place)];
    const isAnother = width !== place.layout.width || height !== place.layout.height;
    if (width && isAnother) drawWhole(Plotly, place, themeOf(place));
  });
  for (const one of [place, place.closest("[data-testid=stApp]")]) sizes.observe(one);  // the latter: as high as the window
  return sizes;
}

// Until the chart is drawn, its frame is as high as it will be; returns how high.
function reserve(place) {
  const height = heightOf(JSON.parse(place.figure).layout, place);
  place.closest(".lab-chart-frame").style.minHeight = `${height}px`;
  return height;
}

// Until the chart is drawn, its frame says what one waits for.
function show(frame, place, path) {
  const { came, tries } = plotly(path);
  came.then((Plotly) => draw(Plotly, place));
  tries.catch(() => { frame.dataset.state = "failed"; });
}

export default function ({ parentElement, data }) {
  const frame = parentElement.querySelector(".lab-chart-frame");
  const place = frame.querySelector(".lab-chart");
  place.called = data.called;
  place.figure = data.figure;
  place.live = data.live;
  frame.dataset.state ??= "loading";
  reserve(place);
  frame.querySelector(".lab-chart-failed button").onclick = () => {
    frame.dataset.state = "loading";
    show(frame, place, data.plotly);
  };
  show(frame, place, data.plotly);
  return () => { if (!place.isConnected) told.removeEventListener("grown", place.following); };
}
