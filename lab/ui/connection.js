// The page's one connection over which it is told what moves: of the run that it follows; where it follows none, of what
// goes on elsewhere. A tab that nobody looks at has none. Stands before lab/ui/channel.js and lab/ui/drawn_anew.js, which
// share it, whichever of them comes first.

const PAUSES = [0.3, 0.6, 1.2, 2.5, 5];  // seconds before the next try to be told something
const SILENCE = 25;  // seconds: the server says something every ten
const LOOK = 5;  // seconds between two looks whether it has been silent for so long
const DRAWN = 0.3;  // seconds until it is looked again whether the page has been drawn: what it follows is known then
const NOBODY = { query: () => "run=none", hear() {}, lose() {} };
const seconds = () => performance.now() / 1000;
const scriptRuns = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "running";

class Connection extends EventTarget {
  constructor() {
    super();
    Object.assign(this, { socket: null, tries: 0, timer: null, heard: 0, follower: NOBODY, elsewhere: null, pages: 1 });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.hangUp() : this.call()));
    setInterval(() => this.look(), 1000 * LOOK);
  }

  // From now on `follower` hears: the one that the page follows a run with, or nobody.
  follow(follower = NOBODY) {
    if (follower !== this.follower) this.hangUp();
    this.follower = follower;
    this.call();
  }

  call() {
    if (this.socket || this.timer || document.hidden) return;
    if (this.follower === NOBODY && scriptRuns()) {
      this.callIn(DRAWN);
      return;
    }
    const address = new URL(`live?${this.follower.query()}`, document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = (this.socket = new WebSocket(address));
    socket.onmessage = (event) => { if (socket === this.socket) this.hear(JSON.parse(event.data)); };
    socket.onopen = () => { this.tries = 0; };
    socket.onclose = () => { if (socket === this.socket) this.callAgain(); };
    this.heard = seconds();
  }

  callIn(pause) {
    this.timer = setTimeout(() => {
      this.timer = null;
      this.call();
    }, 1000 * pause);
  }

  callAgain() {
    Object.assign(this, { socket: null, elsewhere: null });
    this.tries += 1;
    if (this.tries === 3) this.follower.lose();
    this.callIn(PAUSES[Math.min(this.tries, PAUSES.length) - 1] * (0.5 + Math.random()));
  }

  hangUp() {
    clearTimeout(this.timer);
    const { socket } = this;
    Object.assign(this, { socket: null, timer: null, tries: 0, elsewhere: null });
    socket?.close();
  }

  // One that is broken, and nobody was told: a machine slept.
  look() {
    if (!this.socket || document.hidden || seconds() - this.heard <= SILENCE) return;
    this.hangUp();
    this.call();
  }

  hear(message) {
    if (document.hidden) {
      this.hangUp();
      return;
    }
    this.heard = seconds();
    this.pages = message.pages ?? this.pages;
    this.follower.hear(message);
    if (message.elsewhere === undefined) return;
    this.elsewhere = message.elsewhere;
    this.dispatchEvent(new Event("elsewhere"));
  }
}

const connection = (window.labConnection ??= new Connection());
