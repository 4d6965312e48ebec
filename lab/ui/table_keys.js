// What Streamlit's tables make of the keyboard and should not: what is typed while the editor of a cell is being opened is
// lost, so is all of it when Enter follows before it is drawn, and of the runs only Shift+Space ticks one. The keys of a
// moment are held back, and given to the editor in order.

const FRAMES = 90;  // in which an editor opens, or does not
const DRAWN = 2;  // in which an editor has drawn what was typed: Enter takes what was drawn, not what is in it
const TICKED_BY_SPACE = "[class*=st-key-runs_table]";

let held = null;  // what was pressed since an editor was asked for; null: none is being opened

function tableOf(place) {
  return place?.closest?.("[data-testid=stDataFrame] canvas");
}

function opensAnEditor(event) {
  const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  const table = tableOf(event.target);
  if (!isText || !table) return false;
  return !table.querySelector("td") || table.querySelector("td[aria-readonly=false]");  // which follow a table just drawn
}

function endsAnEditor({ key, isComposing }, place) {
  return (key === "Enter" || key === "Tab") && !isComposing && place?.matches?.(".gdg-input");
}

function press(place, { key, code, keyCode, shiftKey }) {
  const settings = { key, code, keyCode, shiftKey, bubbles: true, cancelable: true, composed: true };
  place.dispatchEvent(new KeyboardEvent("keydown", settings));
}

function onKey(event) {
  if (!event.isTrusted) return;  // one of ours
  if (held) {
    stop(event);
    held.push(event);
  } else if (event.code === "Space" && tableOf(event.target)?.closest(TICKED_BY_SPACE)) {
    stop(event);
    press(event.target, { key: " ", code: "Space", keyCode: 32, shiftKey: true });
  } else if (opensAnEditor(event)) {
    held = [];
    deliver();
  } else if (endsAnEditor(event, event.target)) {
    stop(event);
    held = [event];
    deliver();
  }
}

function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

async function deliver() {
  await until(isEditing);
  while (held.length) {
    const event = held.shift();
    if (isEditing() && typeInto(event)) continue;
    const ends = endsAnEditor(event, document.activeElement);
    if (ends) await frames(DRAWN);
    press(document.activeElement, event);
    if (ends) await until(() => !isEditing());
    await until(() => isEditing() || tableOf(document.activeElement));
    if (!isEditing() && event.key.length === 1) await until(isEditing);
  }
  held = null;
}

function isEditing() {
  return document.activeElement?.matches("textarea, input") ?? false;
}

// Whether the key is one that changes the text; a made-up key press does not.
function typeInto({ key, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return false;
  if (key === "Backspace") return document.execCommand("delete");
  return key.length === 1 && document.execCommand("insertText", false, key);
}

async function until(holds) {
  for (let frame = 0; frame < FRAMES; frame += 1) {
    await frames(1);
    if (holds()) return;
  }
}

async function frames(many) {
  for (let frame = 0; frame < many; frame += 1) await new Promise(requestAnimationFrame);
}

export default function () {
  window.removeEventListener("keydown", window.labTableKeys, true);
  window.labTableKeys = onKey;
  window.addEventListener("keydown", onKey, true);
}
