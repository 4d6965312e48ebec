// Draws what a network has read: the digit, its probability in words, ten bars, and the picture that it was given.

const SIDE_OF_PICTURE = 28;
const SIDE_OF_LAYER = "var(--lab-small-map)";  // lab/ui/look.css
const SPRITE_COLUMNS = 16;  // lab/sprite.py

function showAnswer(place, answer, isSaid = true) {
  place.dataset.state = answer.odd ? "guess" : "read";
  say(place, ".lab-answer-digit", String(answer.digit));
  say(place, ".lab-answer-words", answer.words);
  say(place, ".lab-answer-next", answer.next);
  say(place, ".lab-answer-odd", answer.odd);
  say(place, ".lab-answer-reader", answer.live ? answer.reader : "");
  if (isSaid) say(place, ".lab-answer-aloud", `${answer.digit}, ${answer.words}. ${answer.odd}`.trim());
  drawBars(place, answer);
  drawPicture(place.querySelector(".lab-received canvas"), atob(answer.picture));
  if (answer.layers) drawLayers(place.querySelector(".lab-layers"), answer.layers);
}

// `layers`: what stands below the picture of each layer, which are dark like the picture and in their places already.
function showNothing(place, layers) {
  place.dataset.state = "nothing";
  for (const name of ["digit", "words", "next", "odd", "reader", "aloud"]) say(place, `.lab-answer-${name}`, "");
  drawBars(place, { probabilities: Array(10).fill(0), percent: Array(10).fill(""), digit: null, bars: "No answer yet" });
  drawPicture(place.querySelector(".lab-received canvas"), "\0".repeat(SIDE_OF_PICTURE ** 2));
  showDark(place.querySelector(".lab-layers"), layers);
}

function showDark(place, names) {
  place.newest = null;
  place.replaceChildren(...names.map(layerFigure));
  names.forEach((name, number) => {
    const [picture, caption] = place.children[number].children;
    picture.ariaLabel = `${name}, nothing yet`;
    caption.textContent = name;
  });
}

function say(place, what, words) {
  const line = place.querySelector(what);
  if (line.textContent !== words) line.textContent = words;
}

function drawBars(place, { probabilities, percent, digit, bars }) {
  const frame = place.querySelector(".lab-bars");
  frame.setAttribute("aria-label", bars);
  [...frame.children].forEach((row, number) => {
    row.classList.toggle("lab-bars-answer", number === digit);
    row.children[1].firstElementChild.style.transform = `scaleX(${probabilities[number].toFixed(4)})`;
    row.children[2].textContent = percent[number];
  });
}

// A picture a layer, all out of one. They change once the new ones are decoded: what changes at once is blank for a frame.
async function drawLayers(place, { sprite, words, names }) {
  const image = (place.newest = Object.assign(new Image(), { src: sprite }));
  await image.decode();
  if (image !== place.newest) return;
  if (place.childElementCount !== names.length) place.replaceChildren(...names.map(layerFigure));
  const columns = Math.min(SPRITE_COLUMNS, names.length);
  names.forEach((name, number) => {
    const [picture, caption] = place.children[number].children;
    picture.style.backgroundImage = `url(${sprite})`;
    picture.style.backgroundSize = `calc(${columns} * ${SIDE_OF_LAYER}) auto`;
    const [down, across] = [Math.floor(number / columns), number % columns];
    picture.style.backgroundPosition = [across, down].map((by) => `calc(${-by} * ${SIDE_OF_LAYER})`).join(" ");
    picture.ariaLabel = picture.title = words[number];
    caption.textContent = name;
  });
}

function layerFigure() {
  const figure = document.createElement("figure");
  const picture = document.createElement("i");
  picture.setAttribute("role", "img");
  figure.append(picture, document.createElement("figcaption"));
  return figure;
}

function drawPicture(canvas, bytes) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE_OF_PICTURE, SIDE_OF_PICTURE);
  for (let i = 0; i < bytes.length; i += 1) image.data.set([...Array(3).fill(bytes.charCodeAt(i)), 255], 4 * i);
  context.putImageData(image, 0, 0);
}
