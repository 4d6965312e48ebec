// A button for each run, pressed where the run is ticked: a tap, Space and Enter turn it. What is told is the ids of all
// that are ticked, so that of two quick taps none is lost.

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

export default function ({ parentElement, data, setTriggerValue }) {
  const place = parentElement.querySelector(".lab-cards");
  const wanted = JSON.stringify(data.cards);
  if (place.drawn !== wanted) {
    const focused = place.contains(document.activeElement) && document.activeElement.dataset.run;
    place.drawn = wanted;
    place.replaceChildren(...build(data));
    if (focused) place.querySelector(`[data-run="${focused}"]`)?.focus();
  }
  const buttons = [...place.querySelectorAll("button")];
  for (const button of buttons) button.ariaPressed = String(data.ticked.includes(Number(button.dataset.run)));
  place.onclick = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    button.ariaPressed = String(button.ariaPressed !== "true");
    const ticked = buttons.filter(({ ariaPressed }) => ariaPressed === "true");
    setTriggerValue("ticked", ticked.map(({ dataset }) => Number(dataset.run)));
  };
}
