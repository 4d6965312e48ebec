// A stroke is that of the finger that began it. Of an iPad signature_pad asks for touch events, which tell of all fingers in
// one, and takes the first of them for the pen, whichever that is. So while a stroke is drawn it is told of one finger only.

const TOLD = ["touchmove", "touchend", "touchcancel"];

function fingerOf({ changedTouches }) {
  return changedTouches?.[0].identifier;
}

// `board.finger` is the one that draws; undefined where what draws is a mouse, or a pointer that has a name of its own.
function keepToOneFinger(board) {
  const ours = new WeakSet();
  const hear = (event) => {
    if (!board.isDown || board.finger === undefined || ours.has(event)) return;
    const mine = [...event.changedTouches].filter(({ identifier }) => identifier === board.finger);
    const others = [...event.touches, ...event.changedTouches].some(({ identifier }) => identifier !== board.finger);
    if (!others) return;
    event.stopImmediatePropagation();
    if (!mine.length) return;
    if (event.cancelable) event.preventDefault();
    const down = event.type === "touchmove" ? mine : [];
    const told = new TouchEvent(event.type, {
      bubbles: true, cancelable: true, touches: down, targetTouches: down, changedTouches: mine,
    });
    ours.add(told);
    board.canvas.dispatchEvent(told);
  };
  const settings = { capture: true, passive: false, signal: board.gone.signal };
  for (const what of TOLD) window.addEventListener(what, hear, settings);
}
