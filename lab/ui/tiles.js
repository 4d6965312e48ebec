// Small pictures, all out of one: the pixels stay sharp, and a hundred of them are one request. What is chosen is a
// picture, or a value in it (`values`): by a click, or by the arrow keys and Enter. Tab reaches one picture only.

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function build(data) {
  return data.tiles.map((tile, number) => {
    const figure = document.createElement("figure");
    figure.append(picture(data, tile, number), ...caption(tile));
    return figure;
  });
}

function picture(data, tile, number) {
  const place = document.createElement(data.picks ? "button" : "div");
  const [scale, { columns }] = [data.size / data.height, data];
  if (data.picks) {
    place.type = "button";
    place.tabIndex = number === (data.chosen ?? 0) ? 0 : -1;
    place.ariaPressed = String(number === data.chosen);
  } else {
    place.setAttribute("role", "img");
  }
  place.className = "lab-tile";
  place.ariaLabel = place.title = tile.words;
  place.dataset.number = number;
  const rows = Math.ceil(data.tiles.length / columns);
  Object.assign(place.style, {
    width: `${data.width * scale}px`,
    height: `${data.size}px`,
    backgroundImage: `url(${data.sprite})`,
    backgroundSize: `${columns * data.width * scale}px ${rows * data.size}px`,
    backgroundPosition: `${-(number % columns) * data.width * scale}px ${-Math.floor(number / columns) * data.size}px`,
  });
  if (number === data.chosen && data.unit) place.append(mark(data, scale));
  return place;
}

function mark({ unit: [row, column] }, scale) {
  const ring = document.createElement("span");
  const side = Math.max(scale, 5);
  const at = (place) => `${(place + 0.5) * scale - side / 2 - 2}px`;
  Object.assign(ring.style, { top: at(row), left: at(column), width: `${side + 4}px`, height: `${side + 4}px` });
  return ring;
}

function caption({ caption, answer, note }) {
  if (!caption) return [];
  const place = document.createElement("figcaption");
  const strong = document.createElement("b");
  strong.textContent = answer ?? "";
  place.append(caption, strong, document.createElement("br"), note ?? "");
  return [place];
}

// The value under the mouse; from the keyboard, the one that is marked, or the middle one.
function valueAt(data, button, event) {
  if (event.detail === 0) return data.unit ?? [data.height >> 1, data.width >> 1];
  const box = button.getBoundingClientRect();
  const at = (distance, whole, count) => Math.min(count - 1, Math.max(0, Math.floor((distance / whole) * count)));
  return [at(event.clientY - box.top, box.height, data.height), at(event.clientX - box.left, box.width, data.width)];
}

function neighbour(place, button, key) {
  const all = [...place.querySelectorAll("button")];
  const [mine, x] = [all.indexOf(button), button.getBoundingClientRect().left];
  if (key === "ArrowLeft") return all[mine - 1];
  if (key === "ArrowRight") return all[mine + 1];
  const column = all.filter((other) => Math.abs(other.getBoundingClientRect().left - x) < 2);
  return column[column.indexOf(button) + (key === "ArrowUp" ? -1 : 1)];
}

// With Shift, the arrows move from value to value within the picture.
function moved(data, key) {
  const [row, column] = data.unit ?? [data.height >> 1, data.width >> 1];
  const [down, right] = STEPS[key];
  return [Math.min(data.height - 1, Math.max(0, row + down)), Math.min(data.width - 1, Math.max(0, column + right))];
}

export default function ({ parentElement, data, setTriggerValue }) {
  const place = parentElement.querySelector(".lab-tiles");
  const wanted = JSON.stringify(data);
  const pick = (button, unit) => setTriggerValue("picked", [Number(button.dataset.number), ...unit]);
  place.onclick = (event) => {
    const button = event.target.closest("button");
    if (button) pick(button, data.picks === "value" ? valueAt(data, button, event) : []);
  };
  place.onkeydown = (event) => {
    const button = event.target.closest("button");
    if (!button || !STEPS[event.key]) return;
    event.preventDefault();
    if (event.shiftKey && data.picks === "value") {
      pick(button, moved(data, event.key));
      return;
    }
    const other = neighbour(place, button, event.key);
    if (!other) return;
    button.tabIndex = -1;
    other.tabIndex = 0;
    other.focus();
  };
  if (place.drawn === wanted) return;
  const focused = place.contains(document.activeElement) && document.activeElement.dataset.number;
  place.drawn = wanted;
  place.replaceChildren(...build(data));
  if (focused) place.querySelector(`[data-number="${data.chosen ?? focused}"]`)?.focus();
}
