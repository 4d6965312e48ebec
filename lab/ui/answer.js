// Draws what a network has read: the digit, its probability in words, ten bars, and the picture that it was given.

const SIDE_OF_PICTURE = 28;

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
}

function showNothing(place) {
  place.dataset.state = "nothing";
  for (const name of ["digit", "words", "next", "odd", "reader", "aloud"]) say(place, `.lab-answer-${name}`, "");
  drawBars(place, { probabilities: Array(10).fill(0), percent: Array(10).fill(""), digit: null, bars: "No answer yet" });
  drawPicture(place.querySelector(".lab-received canvas"), "\0".repeat(SIDE_OF_PICTURE ** 2));
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

function drawPicture(canvas, bytes) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE_OF_PICTURE, SIDE_OF_PICTURE);
  for (let i = 0; i < bytes.length; i += 1) image.data.set([...Array(3).fill(bytes.charCodeAt(i)), 255], 4 * i);
  context.putImageData(image, 0, 0);
}
