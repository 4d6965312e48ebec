// What a board asks while one draws: its strokes go to the server at most ten times a second, one question at a time, and the
// answer is drawn at once. lab/ui/answer.js stands before this file.

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

class Questions {
  constructor(board) {
    this.board = board;
    this.place = board.place;
    Object.assign(this, { isOut: false, isDue: false, timer: null, at: 0 });
    Object.assign(this, { took: 0, layersAt: -LAYERS_EVERY, isLate: false });
    // Versions of the drawing and who reads it: the newest, that of the answer shown, and the oldest that is answered.
    this.version = { newest: 0, shown: 0, oldest: 0 };
    Object.assign(this, { live: { isFollowed: false, status: "", isRefused: false }, reader: {} });
  }

  // Of another drawing, or another network; `isApart`: so that not even an answer on its way is one to it.
  askAnew(isApart = false) {
    this.version.newest += 1;
    if (isApart) this.version.oldest = this.version.newest;
    this.ask();
  }

  ask() {
    this.isDue = true;
    this.goOn();
  }

  // The next question, when the last one is answered and a while has passed: always with the newest strokes.
  goOn() {
    if (this.isOut || !this.isDue || this.timer) return;
    const wait = this.at + EVERY - performance.now();
    if (wait > 0) this.askIn(wait);
    else if (this.board.isBlank()) this.isDue = false;
    else this.send();
  }

  askIn(milliseconds) {
    this.askNoMore();
    this.timer = setTimeout(() => {
      this.timer = null;
      this.ask();
    }, milliseconds);
  }

  askNoMore() {
    clearTimeout(this.timer);
  }

  async send() {
    Object.assign(this, { isOut: true, isDue: false, at: performance.now() });
    const late = setTimeout(() => this.wait(this.version.shown !== this.version.newest), LATE);
    const [drawing, version] = [this.board.isDown, this.version.newest];
    const isTime = this.took < QUICK && this.at - this.layersAt >= LAYERS_EVERY;
    const layers = this.board.showsLayers && (!drawing || isTime);
    if (layers) this.layersAt = this.at;
    try {
      this.hear(await answerTo({ ...this.reader, strokes: this.board.strokes(), drawing, layers }), drawing, version);
    } catch (error) {
      this.hearNone(error, version);
    }
    clearTimeout(late);
    this.wait(false);
    if (!layers) this.took = performance.now() - this.at;
    this.isOut = false;
    this.goOn();
  }

  hear(answer, isUnfinished, version) {
    if (!this.isWanted(version)) return;
    this.trouble("");
    this.version.shown = version;
    showAnswer(this.place, answer, !isUnfinished && !answer.live);
    if (answer.live && !document.hidden && !this.board.isDown) this.askIn(AGAIN);
    Object.assign(this.live, { isFollowed: answer.live, isRefused: false });
    if (answer.status !== this.live.status) this.board.tell("moved_on", true);
  }

  // A run that the page says to train or to wait is refused when it was deleted, or has ended without an epoch.
  hearNone(error, version) {
    if (!this.isWanted(version)) return;
    this.trouble(error instanceof Refused ? error.message : NO_ANSWER);
    const isNew = error instanceof Refused && !this.live.isRefused;
    this.live.isRefused ||= isNew;
    if (isNew && this.live.status) this.board.tell("moved_on", true);
  }

  isWanted(version) {
    return this.place.isConnected && version >= this.version.oldest && !this.board.isBlank();
  }

  // Say that the answer is late, or what to do while nothing is drawn.
  wait(isLate) {
    this.isLate = isLate;
    say(this.place, ".lab-answer-prompt", isLate ? WAITING : this.board.prompt);
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
