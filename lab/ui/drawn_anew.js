// Has the whole page drawn anew: for who asks, where its connection is there again, and when other runs are live, or have
// ended, than those that it was drawn with. lab/ui/connection.js and away.js stand before this file.

const CONNECTED = "CONNECTED";
const AGAIN = 0.3;  // seconds until it is seen again whether the page can be drawn anew, or has been
const PATIENCE = 5;  // seconds before it is asked for again; twice that from then on, since drawing it may take long
const CALM = 1;  // seconds without a hand at work
const APART = 1;  // seconds between two drawings: what is asked for by two is drawn once for both
const SETTLED = 1;  // seconds after which it has been told of all that it was drawn with
// A page takes the server some 25 to 95 ms. So that many open pages take little of it from a training and from who clicks:
const SPREAD = 0.03;  // seconds for each of them, within which all are drawn anew
const BETWEEN = 0.2;  // seconds for each of them, in which each is drawn anew once

// What the page was drawn with, and when; what it was asked to be drawn anew for; when a hand was at work last.
const shown = (window.labShown ??= {
  elsewhere: null, at: 0, since: null, asked: null, askedAt: -APART, timer: null, handAt: -CALM, isDown: false,
  chance: Math.random(),
});

function drawAnewOnceConnected(app) {
  let was = app.dataset.testConnectionState;
  new MutationObserver(() => {
    const now = app.dataset.testConnectionState;
    watchDialogs(now !== CONNECTED);
    if (now === CONNECTED && was !== CONNECTED) window.labDrawAnew("connected");
    was = now;
  }).observe(app, { attributeFilter: ["data-test-connection-state"] });
  return true;
}

function seesHands() {
  for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel", "keydown", "wheel", "scroll"]) {
    addEventListener(kind, ({ buttons }) => {
      shown.handAt = seconds();
      shown.isDown = buttons === undefined ? shown.isDown : buttons > 0;
    }, { capture: true, passive: true });
  }
  return true;
}

// A page may move below a hand when it is drawn anew. That closes a dialog, and a search in the table of runs, which is
// another one when a run has come; all else that is open stays open.
const CLOSED_BY_IT = "[data-testid=stDialog], [data-testid=search-input][aria-hidden=false]";

function mustStay() {
  const isAsked = seconds() - shown.askedAt < APART;
  return isAsked || scriptRuns() || shown.isDown || document.querySelector(CLOSED_BY_IT) !== null;
}

// What goes on beside the run that the page follows, whose every change its channel tells.
function beside(words) {
  return JSON.stringify(words?.filter((word) => !word.startsWith(`${connection.follower.run}-`)) ?? null);
}

function isTooSoon(now) {
  const { pages } = connection;
  const isNew = now - shown.at < Math.max(SETTLED, BETWEEN * pages);
  return isNew || now - shown.handAt < CALM || now - shown.since < shown.chance * SPREAD * pages;
}

function see() {
  clearTimeout(shown.timer);
  const told = connection.elsewhere;
  if (told === null || document.hidden || beside(told) === beside(shown.elsewhere)) {
    shown.since = null;
    return;
  }
  const now = seconds();
  shown.since ??= now;
  shown.timer = setTimeout(see, 1000 * AGAIN);
  if (mustStay() || isTooSoon(now)) return;
  const { asked } = shown;
  const isSame = asked?.for === beside(told);
  if (isSame && now - asked.at < asked.patience) return;
  shown.asked = { for: beside(told), at: now, patience: isSame ? 2 * PATIENCE : PATIENCE };
  window.labDrawAnew("elsewhere");
}

export default ({ data, setTriggerValue }) => {
  window.labDrawAnew = (state) => {
    shown.askedAt = seconds();
    setTriggerValue("state", state);
  };
  window.labMustStay = mustStay;
  window.labSeesConnection ??= drawAnewOnceConnected(document.querySelector("[data-testid=stApp]"));
  window.labSeesHands ??= seesHands();
  Object.assign(shown, { elsewhere: data.elsewhere, at: seconds() });
  shown.sees ??= (connection.addEventListener("elsewhere", see), true);
  connection.call();
  see();
};
