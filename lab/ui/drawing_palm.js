// A hand that rests beside a pen does not draw. While a pen is about, what touches the square is a palm, and so was the touch
// beside which a pen comes down. What such a touch has drawn is taken back, as is that of one which the system has called off.

const PEN_IS_ABOUT = 1000;  // milliseconds after a pen was heard of

function keepPalmsOut(board) {
  let penAt = -PEN_IS_ABOUT;
  const on = (where, what, does) => where.addEventListener(what, does, { capture: true, signal: board.gone.signal });
  for (const what of ["pointerdown", "pointermove", "pointerup"]) {
    on(window, what, ({ pointerType }) => { if (pointerType === "pen") penAt = performance.now(); });
  }
  on(board.canvas, "pointerdown", (event) => {
    if (event.pointerType === "pen") takeBackTouch(board);
    if (event.pointerType !== "touch" || performance.now() - penAt > PEN_IS_ABOUT) return;
    event.preventDefault();
    event.stopImmediatePropagation();  // signature_pad would have the pen wait for the palm
  });
}

function takeBackTouch({ isDown, pointer, canvas }) {
  if (!isDown || pointer?.pointerType !== "touch") return;
  const { pointerId } = pointer;
  canvas.dispatchEvent(new PointerEvent("pointercancel", { bubbles: true, cancelable: true, pointerId }));
}

// Whether a stroke that has ended so is none that was meant; `began` is how it began.
function isTakenBack({ type }, began) {
  return type === "touchcancel" || (type === "pointercancel" && began.pointerType === "touch");
}
