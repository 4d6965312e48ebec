// The confusion matrix as a table of buttons: a click, or Enter on the cell that the arrow keys have come to, opens the
// digits of a cell. Tab reaches one cell only, so that a hundred of them are not in the way.

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function build({ counts, chosen }) {
  const most = Math.max(1, ...counts.flatMap((row, label) => row.filter((_, answer) => answer !== label)));
  const body = counts.map((row, label) => line([heading(label, "row"),
    ...row.map((count, answer) => cell(count, label, answer, most, chosen))]));
  const head = line([corner(), ...counts.map((_, answer) => heading(answer, "col"))]);
  return [head, ...body];
}

function line(cells) {
  const row = document.createElement("tr");
  row.append(...cells);
  return row;
}

function corner() {
  return document.createElement("td");
}

function heading(digit, scope) {
  const place = document.createElement("th");
  place.scope = scope;
  place.textContent = digit;
  return place;
}

function cell(count, label, answer, most, chosen) {
  const place = document.createElement("td");
  if (!count) return place;
  const button = document.createElement("button");
  const isChosen = chosen[0] === label && chosen[1] === answer;
  button.type = "button";
  button.textContent = count.toLocaleString("en-US");
  button.className = label === answer ? "right" : "wrong";
  button.style.setProperty("--share", `${10 + 50 * Math.sqrt(count / most)}%`);
  button.tabIndex = isChosen ? 0 : -1;
  button.ariaPressed = String(isChosen);
  button.ariaLabel = `${label} read as ${answer}: ${count} ${count === 1 ? "digit" : "digits"}`;
  Object.assign(button.dataset, { label, answer });
  place.append(button);
  return place;
}

// From a cell to the next one that has digits in it.
function next(table, button, [down, right]) {
  let [label, answer] = [Number(button.dataset.label), Number(button.dataset.answer)];
  while (label >= 0 && label < 10 && answer >= 0 && answer < 10) {
    label += down;
    answer += right;
    const found = table.querySelector(`[data-label="${label}"][data-answer="${answer}"]`);
    if (found) return found;
  }
  return button;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const table = parentElement.querySelector(".lab-confusion table");
  const wanted = JSON.stringify(data);
  if (table.dataset.drawn === wanted) return;
  const focused = document.activeElement?.closest(".lab-confusion button")?.dataset;
  table.dataset.drawn = wanted;
  table.replaceChildren(...build(data));
  if (!table.querySelector("[tabindex='0']")) table.querySelector("button")?.setAttribute("tabindex", "0");
  if (focused) table.querySelector(`[data-label="${focused.label}"][data-answer="${focused.answer}"]`)?.focus();
  table.onclick = ({ target }) => {
    const { label, answer } = target.closest("button")?.dataset ?? {};
    if (label) setTriggerValue("cell", [Number(label), Number(answer)]);
  };
  table.onkeydown = (event) => {
    const button = event.target.closest("button");
    if (!button || !ARROWS[event.key]) return;
    event.preventDefault();
    const reached = next(table, button, ARROWS[event.key]);
    button.tabIndex = -1;
    reached.tabIndex = 0;
    reached.focus();
  };
}
