// A canvas that answers while one draws (lab/ui/drawing_questions.js). The page is rerun when a stroke has ended.
// signature_pad and all other parts that lab/ui/drawing_board.py names stand before this file.

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
    this.questions = new Questions(this);
    Object.assign(this, { isDown: false, isUnfit: false, pointer: null, finger: undefined, cleared: [] });
    this.gone = new AbortController();  // ends what it listens to outside of its place
  }

  // From what the tab or else the page knows of the drawing; later the board knows more than the page.
  begin({ board, strokes: told, side, pen }) {
    Object.assign(this, { name: board, side, pen });
    const strokes = keptStrokes(board) ?? told;
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
      this.questions.askAnew();
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
    if (JSON.stringify(strokes) !== JSON.stringify(told)) this.tell("strokes", strokes);  // its session is a new one
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
    on("visibilitychange", () => { if (this.questions.live.isFollowed) this.questions.ask(); });
  }

  // Its page is left. A page that is drawn anew ends a drawing of the same board, which stays.
  endWhereGone() {
    if (this.place.isConnected) return;
    this.gone.abort();
    this.questions.askNoMore();
  }

  strokes() {
    const rounded = (value) => Math.round(10 * value) / 10;
    return this.pad.toData().map(({ points }) => points.map(({ x, y }) => [rounded(x), rounded(y)]));
  }

  isBlank() {
    return !this.pad.toData().length;
  }

  // Change the strokes as they are drawn: by what has no pointer.
  draw(change) {
    const strokes = this.pad.toData();
    change(strokes);
    this.fill(strokes);
    this.show();
    this.questions.askAnew();
  }

  undo() {
    this.keys.lift();
    if (this.isDown || !this.canUndo()) return;
    this.fill(this.isBlank() ? this.cleared : this.pad.toData().slice(0, -1));
    this.changed();
  }

  // Also the clearing, as long as nothing was drawn since.
  canUndo() {
    return !this.isBlank() || this.cleared.length > 0;
  }

  clear() {
    if (this.isDown) return;
    this.cleared = this.pad.toData();
    this.pad.clear();
    this.changed();
  }

  changed() {
    if (this.isUnfit) this.fitPixels();
    if (!this.isBlank()) this.cleared = [];
    this.show();
    this.questions.askAnew(this.isBlank());
    const strokes = this.strokes();
    keepStrokes(this.name, strokes);
    this.tell("strokes", strokes);
  }

  // What can be done, and an empty panel where nothing is drawn.
  show() {
    const isBlank = this.isBlank();
    this.button("undo").disabled = !this.canUndo();
    this.button("clear").disabled = isBlank;
    if (!isBlank) return;
    this.questions.trouble("");
    showNothing(this.place, this.layers);
  }
}

function isUndo({ key, ctrlKey, metaKey, shiftKey, altKey, target }) {
  const isTyping = target.closest?.("input, textarea, select, [contenteditable]");
  return key.toLowerCase() === "z" && (ctrlKey || metaKey) && !shiftKey && !altKey && !isTyping;
}

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const place = parentElement.querySelector(".lab-read");
  const isNew = !place.board;
  const board = (place.board ??= new Board(place));
  const { questions } = board;
  const isOther = JSON.stringify(questions.reader) !== JSON.stringify(data.reader);
  Object.assign(board, { prompt: data.prompt, showsLayers: data.picture, layers: data.layers });
  questions.reader = data.reader;
  questions.live.status = data.status;
  board.tell = (name, value) => (name === "strokes" ? setStateValue : setTriggerValue)(name, value);
  questions.wait(questions.isLate);
  place.querySelector(".lab-received").hidden = !data.picture;
  if (isNew) board.begin(data);
  if (isOther) {
    questions.live.isRefused = false;
    if (!isNew) board.show();
    questions.askAnew(true);
  } else if (place.hasAttribute("data-trouble")) questions.ask();
  return () => board.endWhereGone();
}
