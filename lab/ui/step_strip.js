// The seven steps as rows that are chosen as radio buttons are: by a click, or with the arrow keys.

export default function ({ parentElement, data, setTriggerValue }) {
  const place = parentElement.querySelector(".lab-strip");
  if (place.dataset.drawn !== data.html) {  // a row keeps the focus while nothing but the choice has changed
    place.dataset.drawn = data.html;
    place.innerHTML = data.html;
  }
  for (const row of place.querySelectorAll("input")) {
    row.checked = Number(row.value) === data.chosen;
    row.onchange = () => setTriggerValue("chosen", Number(row.value));
  }
}
