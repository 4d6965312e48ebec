// A button for each run, pressed where the run is ticked: a tap, Space and Enter turn it. What is told is the ids of all
// that are ticked, so that of two quick taps none is lost.

const PATIENCE = 5000;  // milliseconds for which a tick stands before the page has taken it

function build({ cards }) {
  return cards.map((card) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.run = card.run;
    button.append(...["box", "name", "accuracy", "facts"].map((part) => written(part, card[part] ?? "")));
    return button;
  });
}

function written(part, text) {
  const place = document.createElement("span");
  place.className = part;
  place.textContent = text;
  return place;
}

function isSame(one, other) {
  return one.length === other.length && one.every((run) => other.includes(run));
}

// What is ticked: as the page has it, but while that only answers a tap before the last one, what was told with the last;
// the next tap would be told without it.
function tickedNow(place, { ticked }) {
  const waits = place.told && !isSame(place.told.ticked, ticked) && performance.now() - place.told.at < PATIENCE;
  if (!waits) place.told = null;
  return place.told?.ticked ?? ticked;
}

// Drawn where they are seen: in the place of the table, a thousand runs would be ten thousand elements for nobody.
function draw(place) {
  if (!place.clientHeight) return;
  const wanted = JSON.stringify(place.data.cards);
  if (place.drawn !== wanted) {
    if (place.drawn) place.style.height = `${place.offsetHeight}px`;  // nothing below them moves
    const focused = place.contains(document.activeElement) && document.activeElement.dataset.run;
    place.drawn = wanted;
    place.replaceChildren(...build(place.data));
    if (focused) place.querySelector(`[data-run="${focused}"]`)?.focus();
  }
  const ticked = new Set(tickedNow(place, place.data));
  for (const button of place.children) button.ariaPressed = String(ticked.has(Number(button.dataset.run)));
}

// They are seen, or no longer, when the screen is turned, too.
function drawOnceSeen(place) {
  const sizes = new ResizeObserver(() => {
    if (!place.isConnected) sizes.disconnect();
    draw(place);
  });
  sizes.observe(place);
  return sizes;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const place = parentElement.querySelector(".lab-cards");
  place.data = data;
  draw(place);
  place.sizes ??= drawOnceSeen(place);
  place.onclick = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    button.ariaPressed = String(button.ariaPressed !== "true");
    const pressed = [...place.children].filter(({ ariaPressed }) => ariaPressed === "true");
    place.told = { ticked: pressed.map(({ dataset }) => Number(dataset.run)), at: performance.now() };
    setTriggerValue("ticked", place.told.ticked);
  };
}
