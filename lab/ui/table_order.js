// Tells how a table of Streamlit's is ordered. Streamlit orders it in the browser, forgets that with the table, and says it
// in one place: by an arrow before the name of the column, which the table that it keeps for screen readers has too.

const ARROW = /^[↑↓] /;
const FRAMES = 90;  // in which the table comes onto the page

const bare = (head) => head.replace(/^([↑↓] )+/, "");

// What is told of these heads: an arrow and a name, or "". A head that is not in sight is not there: what was told stays.
// `marked` has an arrow of ours, by which the table was ordered before it came here.
function orderOf(heads, marked, told) {
  const found = heads.find((head) => ARROW.test(head) && head !== marked);
  if (found) return found.slice(0, 2) + bare(found);
  return heads.some((head) => bare(head) === bare(told)) ? "" : told;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const { table, marked } = data;
  const { dataset } = parentElement;
  if (dataset.table !== table) Object.assign(dataset, { table, told: "" });
  const look = () => {
    const heads = [...document.querySelectorAll(`.st-key-${table} th`)].map(({ textContent }) => textContent);
    const order = orderOf(heads, marked, dataset.told);
    if (order === dataset.told) return;
    dataset.told = order;
    setTriggerValue("order", order);
  };
  parentElement.observer?.disconnect();
  const observer = (parentElement.observer = new MutationObserver(look));
  const observe = (left) => {
    const place = document.querySelector(`.st-key-${table}`);
    if (place) observer.observe(place, { childList: true, characterData: true, subtree: true });
    else if (left && parentElement.observer === observer) requestAnimationFrame(() => observe(left - 1));
  };
  observe(FRAMES);
  look();
}
