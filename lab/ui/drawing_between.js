// Where a fast pen was between two of its events. A browser tells of a pen once a frame, and keeps the places in between
// for who asks, which signature_pad does not: each of them becomes an event of its own here, before the one that has them.

const APART = 6;  // pixels between two places at least: at most half a pixel of the picture that the network gets
const KEPT = ["pointerId", "persistentDeviceId", "pointerType", "buttons", "clientX", "clientY", "pressure"];

// From the beginning of a stroke to its end, or until the board is gone. signature_pad listens to the window, after all
// that is on the way to it.
function tellBetween(canvas, gone) {
  let last = null;
  const tell = (event) => {
    for (const place of event.getCoalescedEvents().slice(0, -1)) {
      if (last && Math.hypot(place.clientX - last.clientX, place.clientY - last.clientY) < APART) continue;
      last = place;
      const told = Object.fromEntries(KEPT.map((name) => [name, place[name]]));
      canvas.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, cancelable: true, ...told }));
    }
    last = event;
  };
  window.addEventListener("pointermove", tell, { capture: true, signal: gone });
  return () => window.removeEventListener("pointermove", tell, true);
}
