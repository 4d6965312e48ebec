// A screen reader says what comes into a place that was there before, and no run is told twice: only one that this tab has
// seen live, and once.

const seen = (window.labSeenLive ??= { run: null });

export default function ({ parentElement, data: { run, words } }) {
  const place = parentElement.querySelector(".lab-end-aloud");
  if (!words) seen.run = run;
  if (!words || place.run !== run) place.textContent = "";
  if (words && seen.run === run) {
    seen.run = null;
    place.textContent = words;
  }
  place.run = run;
}
