// A canvas that answers while one draws: its strokes go to the server at most ten times a second, one question at a time,
// and the answer is drawn at once. The page is rerun when a stroke has ended. signature_pad, lab/ui/answer.js,
// drawing_keys.js, drawing_ends.js, drawing_between.js, drawing_palm.js and drawing_fingers.js stand before this file.

const EVERY = 100;  // milliseconds between two questions
const AGAIN = 250;  // before a network in training is asked again
// While one draws, the layers' pictures are asked for twice a second, and only where an answer took less than QUICK
// milliseconds: they cost twice an answer.
const LAYERS_EVERY = 500;
const QUICK = 12;
const LATE = 800;  // after which one is told that one waits, and that what is shown is no answer to the drawing yet
const NO_ANSWER = "The lab does not answer. Your drawing stays here; the next stroke tries again.";
const WAITING = "Waiting for the network to answer.";
const GIVEN_UP = 30_000;

// In places of a square of `side` pixels, however large the canvas is shown.
class Pad extends SignaturePad {
  _createPoint(x, y, pressure) {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    const within = (at, from) => from + ((at - from) * this.side) / width;
    return super._createPoint(within(x, left), within(y, top), pressure);
  }
}

class Board {
  constructor(place, tell) {
    this.place = place;
    this.tell = tell;
    this.canvas = place.querySelector(".lab-board canvas");
    this.asking = { isOut: false, isDue: false, timer: null, at: 0 };
    Object.assign(this, { isDown: false, isUnfit: false, pointer: null, finger: undefined });
    Object.assign(this, { took: 0, layersAt: -LAYERS_EVERY, isLate: false });
    // Versions of the drawing and who reads it: the newest, that of the answer shown, and the oldest that is answered.
    this.version = { newest: 0, shown: 0, oldest: 0 };
    Object.assign(this, { live: { isFollowed: false, status: "", isRefused: false }, question: {} });
    this.gone = new AbortController();  // ends what it listens to outside of its place
  }

  // From what the page knows of the drawing; later the board knows more than the page.
  begin({ strokes, side, pen }) {
    Object.assign(this, { side, pen });
    const width = { minWidth: pen / 2, maxWidth: pen / 2, dotSize: pen / 2, throttle: 0 };  // radii, and no event left out
    this.pad = new Pad(this.canvas, { ...width, minDistance: 2, penColor: "#fff", backgroundColor: "#000" });
    this.pad.side = side;
    this.followSize();
    this.fill(strokes.map((stroke) => ({ points: stroke.map(([x, y]) => ({ x, y })) })));
    this.pad.addEventListener("beginStroke", ({ detail }) => {
      this.keys.lift();
      [this.pointer, this.finger] = [detail.event, fingerOf(detail.event)];
      [this.isDown, this.tellNoMore] = [true, tellBetween(this.canvas, this.gone.signal)];
    });
    this.pad.addEventListener("afterUpdateStroke", () => {
      drawEnds(this.canvas, this.pen, this.pad.toData().slice(-1));
      this.askAnew();
    });
    this.pad.addEventListener("endStroke", ({ detail }) => {
      this.isDown = false;
      this.tellNoMore();
      const strokes = this.pad.toData();
      // Drawn anew: without what was drawn straight where it has become a curve since.
      this.fill(isTakenBack(detail.event, this.pointer) ? strokes.slice(0, -1) : strokes);
      this.changed();
    });
    this.button("undo").onclick = () => this.undo();
    this.button("clear").onclick = () => this.clear();
    this.listen();
    keepPalmsOut(this);
    keepToOneFinger(this);
    this.keys = new KeyboardPen(this);
    showDark(this.place.querySelector(".lab-layers"), this.layers);
    this.show();
  }

  button(name) {
    return this.place.querySelector(`.lab-board-${name}`);
  }

  // As many pixels as the screen has, which another zoom or another window changes. That ends no stroke: it waits for its
  // end.
  fitPixels() {
    this.isUnfit = this.isDown;
    const { width } = this.canvas.getBoundingClientRect();
    const pixels = Math.round(width * (window.devicePixelRatio || 1));
    if (this.isUnfit || !pixels || pixels === this.canvas.width) return;
    this.canvas.width = this.canvas.height = pixels;
    this.canvas.getContext("2d").scale(pixels / this.side, pixels / this.side);
    this.fill(this.pad.toData());
  }

  followSize() {
    this.fitPixels();
    const sizes = new ResizeObserver(() => this.fitPixels());
    sizes.observe(this.canvas);
    this.gone.signal.addEventListener("abort", () => sizes.disconnect());
    this.followZoom();
  }

  followZoom() {
    const zoom = matchMedia(`(resolution: ${window.devicePixelRatio || 1}dppx)`);
    const zoomed = () => {
      this.fitPixels();
      this.followZoom();
    };
    zoom.addEventListener("change", zoomed, { once: true, signal: this.gone.signal });
  }

  // Draw these strokes, and no others.
  fill(strokes) {
    this.pad.fromData(strokes);
    drawEnds(this.canvas, this.pen, strokes);
  }

  // Ctrl+Z takes a stroke back wherever one is on the page, but where one types. A tab that was hidden asks anew.
  listen() {
    const on = (what, does) => document.addEventListener(what, does, { signal: this.gone.signal });
    on("keydown", (event) => {
      if (!isUndo(event) || !this.place.checkVisibility()) return;
      event.preventDefault();
      this.undo();
    });
    on("visibilitychange", () => { if (this.live.isFollowed) this.ask(); });
  }

  // Its page is left. A page that is drawn anew ends a drawing of the same board, which stays.
  endWhereGone() {
    if (this.place.isConnected) return;
    this.gone.abort();
    clearTimeout(this.asking.timer);
  }

  strokes() {
    const rounded = (value) => Math.round(10 * value) / 10;
    return this.pad.toData().map(({ points }) => points.map(({ x, y }) => [rounded(x), rounded(y)]));
  }

  // Change the strokes as they are drawn: by what has no pointer.
  draw(change) {
    const strokes = this.pad.toData();
    change(strokes);
    this.fill(strokes);
    this.show();
    this.askAnew();
  }

  undo() {
    this.keys.lift();
    if (this.isDown || !this.pad.toData().length) return;
    this.fill(this.pad.toData().slice(0, -1));
    this.changed();
  }

  clear() {
    if (this.isDown) return;
    this.pad.clear();
    this.changed();
  }

  changed() {
    if (this.isUnfit) this.fitPixels();
    this.show();
    this.askAnew(!this.pad.toData().length);
    this.tell("strokes", this.strokes());
  }

  // What can be done, and an empty panel where nothing is drawn.
  show() {
    const isBlank = !this.pad.toData().length;
    for (const name of ["undo", "clear"]) this.button(name).disabled = isBlank;
    if (!isBlank) return;
    this.trouble("");
    showNothing(this.place, this.layers);
  }

  // --- asking ------------------------------------------------------------------------------------------------------

  // Of another drawing, or another network; `isApart`: so that not even an answer on its way is one to it.
  askAnew(isApart = false) {
    this.version.newest += 1;
    if (isApart) this.version.oldest = this.version.newest;
    this.ask();
  }

  ask() {
    this.asking.isDue = true;
    this.goOn();
  }

  // The next question, when the last one is answered and a while has passed: always with the newest strokes.
  goOn() {
    const { isOut, isDue, timer, at } = this.asking;
    if (isOut || !isDue || timer) return;
    const wait = at + EVERY - performance.now();
    if (wait > 0) this.askIn(wait);
    else if (this.pad.toData().length) this.send();
    else this.asking.isDue = false;
  }

  askIn(milliseconds) {
    clearTimeout(this.asking.timer);
    this.asking.timer = setTimeout(() => {
      this.asking.timer = null;
      this.ask();
    }, milliseconds);
  }

  async send() {
    Object.assign(this.asking, { isOut: true, isDue: false, at: performance.now() });
    const late = setTimeout(() => this.wait(this.version.shown !== this.version.newest), LATE);
    const [drawing, version] = [this.isDown, this.version.newest];
    const isTime = this.took < QUICK && this.asking.at - this.layersAt >= LAYERS_EVERY;
    const layers = this.showsLayers && (!drawing || isTime);
    if (layers) this.layersAt = this.asking.at;
    try {
      this.hear(await answerTo({ ...this.question, strokes: this.strokes(), drawing, layers }), drawing, version);
    } catch (error) {
      this.hearNone(error, version);
    }
    clearTimeout(late);
    this.wait(false);
    if (!layers) this.took = performance.now() - this.asking.at;
    this.asking.isOut = false;
    this.goOn();
  }

  hear(answer, isUnfinished, version) {
    if (!this.isWanted(version)) return;
    this.trouble("");
    this.version.shown = version;
    showAnswer(this.place, answer, !isUnfinished && !answer.live);
    if (answer.live && !document.hidden && !this.isDown) this.askIn(AGAIN);
    Object.assign(this.live, { isFollowed: answer.live, isRefused: false });
    if (answer.status !== this.live.status) this.tell("moved_on", true);
  }

  // A run that the page says to train or to wait is refused when it was deleted, or has ended without an epoch.
  hearNone(error, version) {
    if (!this.isWanted(version)) return;
    this.trouble(error instanceof Refused ? error.message : NO_ANSWER);
    const isNew = error instanceof Refused && !this.live.isRefused;
    this.live.isRefused ||= isNew;
    if (isNew && this.live.status) this.tell("moved_on", true);
  }

  isWanted(version) {
    return this.place.isConnected && version >= this.version.oldest && this.pad.toData().length > 0;
  }

  // Say that the answer is late, or what to do while nothing is drawn.
  wait(isLate) {
    this.isLate = isLate;
    say(this.place, ".lab-answer-prompt", isLate ? WAITING : this.prompt);
    this.place.toggleAttribute("data-late", isLate);
  }

  trouble(words) {
    say(this.place, ".lab-answer-trouble", words);
    this.place.toggleAttribute("data-trouble", Boolean(words));
  }
}

class Refused extends Error {}

async function answerTo(question) {
  const asked = { method: "POST", body: JSON.stringify(question), headers: { "Content-Type": "application/json" } };
  const answer = await fetch(new URL("reading", document.baseURI), { ...asked, signal: AbortSignal.timeout(GIVEN_UP) });
  if (answer.ok) return answer.json();
  const isOurs = answer.headers.get("Content-Type")?.startsWith("text/plain");
  throw isOurs ? new Refused(await answer.text()) : new Error(answer.statusText);
}

function isUndo({ key, ctrlKey, metaKey, shiftKey, altKey, target }) {
  const isTyping = target.closest?.("input, textarea, select, [contenteditable]");
  return key.toLowerCase() === "z" && (ctrlKey || metaKey) && !shiftKey && !altKey && !isTyping;
}

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const place = parentElement.querySelector(".lab-read");
  const isNew = !place.board;
  const board = (place.board ??= new Board(place));
  const isOther = JSON.stringify(board.question) !== JSON.stringify(data.reader);
  Object.assign(board, { question: data.reader, prompt: data.prompt, showsLayers: data.picture, layers: data.layers });
  board.live.status = data.status;
  board.tell = (name, value) => (name === "strokes" ? setStateValue : setTriggerValue)(name, value);
  board.wait(board.isLate);
  place.querySelector(".lab-received").hidden = !data.picture;
  if (isNew) board.begin(data);
  if (isOther) {
    board.live.isRefused = false;
    if (!isNew) board.show();
    board.askAnew(true);
  } else if (place.hasAttribute("data-trouble")) board.ask();
  return () => board.endWhereGone();
}
