// A dialog takes the keyboard to itself once it has opened; who asked for it wants to type into its field. Of a text that
// is pasted and too long, as much as there is room for: Streamlit would leave out all of it without a word.
const FRAMES = 120;  // in which it opens

export default function ({ parentElement, data }) {
  if (parentElement.labIsAsked) return;
  parentElement.labIsAsked = true;
  const dialog = parentElement.closest("[role=dialog]");
  const look = (frames) => {
    const field = dialog?.querySelector("input");
    if (field) field.maxLength = data.longest;
    if (field && document.activeElement === dialog) field.focus();
    else if (frames) requestAnimationFrame(() => look(frames - 1));
  };
  look(FRAMES);
}
