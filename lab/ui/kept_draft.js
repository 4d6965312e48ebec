// What this tab keeps of the draft: it outlives a reload, and no other tab has it.
const NAME = "lab-draft";

export default function ({ data, setTriggerValue }) {
  try {  // a browser may be told to keep nothing
    const kept = sessionStorage.getItem(NAME);
    if (!data.asks || kept === null) sessionStorage.setItem(NAME, data.draft);
    else if (kept !== data.draft) setTriggerValue("kept", kept);
  } catch {}
}
