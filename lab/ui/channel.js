// Follows a run while it trains: asks the server what is new of it, has the charts grow, and moves the bar and the words
// of the page at every frame, from the speed that was measured last. A tab that nobody looks at does nothing.
// lab/ui/connection.js, fitting.js and motion.js stand before this file.

// A frame takes some milliseconds from a training on the same machine: there, seconds between two (docs/performance.md).
const NEAR_FRAME = 0.23;
const NO_BREAK = "\u00a0";  // as in lab/number_words.py
const EVALUATION_IMAGES = 10000;  // as in lab/config.py
const PATIENCE = 5;  // seconds before the page is asked for again; twice that from then on, since drawing it may take long
const isNear = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
const told = (window.labLive ??= Object.assign(new EventTarget(), { run: null, rows: [], axes: null, cursor: 0 }));

// --- being told ------------------------------------------------------------------------------------------------------

const channel = {};
let page = null;  // what the page was drawn with last, and its place
let follower = null;  // what hears of the run that the page follows

function watch(data, place) {
  const isAnother = told.run !== data.run;
  if (isAnother) {
    follower = { run: data.run, query: () => `run=${told.run}&after=${told.cursor}`, hear, lose };
    Object.assign(channel, { state: null, words: {}, waits: "", problem: "", aloud: "", grown: false });
    Object.assign(told, { run: data.run, rows: [], axes: null, cursor: data.cursor });
    motion.reset();
    aloudOf(place).textContent = "";
  }
  told.rows = told.rows.filter((row) => row.id > data.cursor);
  told.cursor = Math.max(told.cursor, data.cursor);
  page = { data, place, isMention: place.closest(".st-key-live-run") !== null };
  channel.asked = { for: channel.state, at: seconds(), patience: PATIENCE };  // it may know more than it was told before
  connection.follow(data.follows ? follower : undefined);
  channel.grown = told.cursor > data.cursor;
  draw();
  next();
  if (isAnother) reveal(place);
}

// On a phone a run is started far below the place where it is watched. A run that is only mentioned moves nothing.
function reveal(place) {
  if (page.isMention) return;
  const { top, bottom } = place.getBoundingClientRect();
  if (top < 60 || bottom > innerHeight) place.scrollIntoView({ block: "center" });
}

function isWatched() {
  return page?.place.isConnected && page.data.follows && !document.hidden;
}

// The run may be gone: the page will say.
function lose() {
  channel.state = "lost";
  next();
}

function hear(message) {
  if (!page.place.isConnected) {
    connection.follow();
    return;
  }
  told.cursor = message.cursor;
  told.rows.push(...message.rows);
  told.axes = message.axes ?? told.axes;
  Object.assign(channel.words, message.words);
  channel.waits = message.waits ?? channel.waits;
  channel.problem = message.problem ?? channel.problem;
  channel.state = message.state ?? channel.state;
  if (message.moves !== undefined) motion.measure(message.moves, channel.state);
  motion.state = channel.state;
  channel.aloud = message.aloud ?? channel.aloud;
  channel.grown ||= message.rows.length > 0 || message.axes !== undefined;
  next();
}

// The page is drawn anew for another state than the one it was drawn for. It is asked for until it has been: nobody
// hears what is asked while the connection is down.
function askForThePage() {
  const { state, asked } = channel;
  if (state === null || state === page.data.state || window.labMustStay?.()) return;
  if (state === asked.for && seconds() - asked.at < asked.patience) return;
  channel.asked = { for: state, at: seconds(), patience: state === asked.for ? 2 * PATIENCE : PATIENCE };
  window.labDrawAnew?.(state);
}

// What is said to who does not see the page.
function aloudOf(place) {
  return place.querySelector(".lab-live-aloud");
}

// Everything that the page shows of what it was told, but for what moves by itself.
function show() {
  if (!channel.grown) return;
  channel.grown = false;
  told.dispatchEvent(new Event("grown"));
  for (const place of document.querySelectorAll("[data-moves]")) {
    const text = channel.words[place.dataset.moves];
    if (text !== undefined && place.textContent !== text) place.textContent = text;
  }
  const aloud = aloudOf(page.place);
  if (channel.aloud && aloud.textContent !== channel.aloud) aloud.textContent = channel.aloud;
}

document.addEventListener("visibilitychange", next);

// --- moving ----------------------------------------------------------------------------------------------------------

function draw() {
  const now = seconds();
  const [texts, share] = page.data.follows ? standing(now) : [[page.data.text], page.data.share];
  const line = page.place.querySelector(".lab-live-line");
  const text = page.isMention ? fitting(line, texts) : texts[0];
  if (line.firstChild.data !== text) line.firstChild.data = text;
  const bar = page.place.querySelector(".lab-live-bar");
  bar.style.backgroundSize = `${(100 * share).toFixed(2)}% 100%`;
  const percent = String(Math.floor(100 * share));
  if (bar.getAttribute("aria-valuenow") !== percent) bar.setAttribute("aria-valuenow", percent);
}

// The next frame: what was told is shown with what moves, since a frame costs more than what is in it.
let isAsked = false;
let moved = 0;
function next() {
  if (isAsked || !isWatched()) return;
  isAsked = true;
  const frame = () => requestAnimationFrame(() => {
    isAsked = false;
    if (!isWatched()) return;  // whoever looks again asks anew
    askForThePage();
    show();
    if (!stillness.matches || seconds() - moved >= 1) {
      moved = seconds();
      draw();
    }
    next();
  });
  if (isNear || stillness.matches) setTimeout(frame, 1000 * NEAR_FRAME);
  else frame();
}

// The line of words above the bar, also in fewer words for where there is no room, and the share of the run that is done.
function standing(now) {
  if (motion.moves) motion.step(now);
  if (channel.problem) return [[channel.problem], motion.moves ? shareOf() : 0];
  if (channel.waits) return [[channel.waits], motion.moves ? shareOf() : 0];
  if (!motion.moves) {
    if (!page.data.state.startsWith("running")) return [[""], 0];
    return [[`Getting ready, ${duration(now - motion.at)}`], 0];
  }
  const { epochs, batches, epoch, testing, left, paused } = motion.moves;
  const batch = Math.floor(motion.shown - (epoch - 1) * batches);
  const far = `Epoch ${epoch} of ${epochs}`;
  const where = `${far}, ${testing ? testingWords(testing) : `batch ${grouped(batch)} of ${grouped(batches)}`}`;
  const speed = motion.speed && !paused ? ` · ${grouped(Math.round(motion.speed))}${NO_BREAK}images a second` : "";
  const time = left === null ? "" : ` · ${duration(Math.max(0, left - motion.passed(now)))} left`;
  return [[where + speed + time, where + time, far + time, time.slice(3) || far], shareOf()];
}

// The images that it is evaluated on come first; all others that it reads are training images.
function testingWords(images) {
  const rest = images - Math.min(images, EVALUATION_IMAGES);
  const measured = rest ? ` and on ${grouped(rest)} training images` : "";
  return `testing on ${grouped(images - rest)} images${measured}`;
}

function shareOf() {
  return Math.min(1, motion.shown / (motion.moves.epochs * motion.moves.batches));
}

const thousands = new Intl.NumberFormat("en-US");
function grouped(number) {
  return thousands.format(number);
}

// As lab/standing.py says it: `48 s`, `3 min 20 s`, `1 h 5 min`, on one line.
function duration(passed) {
  const whole = Math.round(passed);
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (!minutes) return `${whole}${NO_BREAK}s`;
  const said = minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return said.replaceAll(" ", NO_BREAK);
}

export default function ({ parentElement, data }) {
  const place = parentElement.querySelector(".lab-live");
  watch(data, place);
  // Streamlit also ends a drawing that came too late, whose place another one has drawn into.
  return () => {
    if (page.place === place && !place.isConnected) connection.follow();
  };
}
