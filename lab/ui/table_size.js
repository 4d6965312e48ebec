// Has a table of Streamlit's made anew that is drawn in another type than its page's. It is drawn on a canvas, in the type that
// its page had when it came onto it: that may be before the lab's own look, and another one is chosen later by Present.

const ROW = 2.1875, MOST = 25;  // rem: Streamlit's rows, and how high it lets a table become by itself
const FRAMES = 90;  // in which the table comes onto the page
const TRIES = 2;  // for one size of type

const tries = (window.labTableTries ??= new Map());

function typeOf(page) {
  return parseFloat(getComputedStyle(page).fontSize);
}

function isOther(height, rows, type) {
  const whole = rows * Math.round(ROW * type);
  return Math.abs(height - Math.min(whole, Math.round(MOST * type))) > rows;
}

export default function ({ parentElement, data: { table, rows }, setTriggerValue }) {
  const look = (left) => {
    if (!parentElement.isConnected || !left) return;
    const height = document.querySelector(`.st-key-${table} [data-testid=stDataFrame]`)?.clientHeight;
    const type = typeOf(document.documentElement);
    const tried = tries.get(type) ?? 0;
    if (!height || left > FRAMES - 5) requestAnimationFrame(() => look(left - 1));
    else if (isOther(height, rows, type) && tried < TRIES) {
      tries.set(type, tried + 1);
      setTriggerValue("other", table);
    }
  };
  look(FRAMES);
}
