// A dialog takes the keyboard to itself once it has opened; who asked for it wants to type into its field.
const FRAMES = 120;  // in which it opens

export default function ({ parentElement }) {
  if (parentElement.labIsAsked) return;
  parentElement.labIsAsked = true;
  const dialog = parentElement.closest("[role=dialog]");
  const look = (frames) => {
    const field = dialog?.querySelector("input");
    if (field && document.activeElement === dialog) field.focus();
    else if (frames) requestAnimationFrame(() => look(frames - 1));
  };
  look(FRAMES);
}
