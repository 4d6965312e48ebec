// What this tab keeps of the draft, and of one's own while that of an opened run stands in its place: both outlive a
// reload, and no other tab has them.
const NAME = "lab-draft";
const OWN = "lab-own-draft";

export default function ({ data, setTriggerValue }) {
  try {  // a browser may be told to keep nothing
    const kept = sessionStorage.getItem(NAME);
    if (data.asks && kept !== null && kept !== data.draft) {
      setTriggerValue("kept", kept);
      return;
    }
    tellOrKeepOwn(data, kept, setTriggerValue);
    sessionStorage.setItem(NAME, data.draft);
  } catch {}
}

// A session that begins is told once; what was the tab's draft is one's own if a link has opened a run since.
function tellOrKeepOwn({ session, draft, own }, kept, setTriggerValue) {
  const isNew = window.labDraftOf !== session;
  window.labDraftOf = session;
  const before = sessionStorage.getItem(OWN) ?? kept;
  if (isNew && !own && before !== null && before !== draft) {
    sessionStorage.setItem(OWN, before);
    setTriggerValue("own", before);
  } else if (own) {
    sessionStorage.setItem(OWN, own);
  } else {
    sessionStorage.removeItem(OWN);
  }
}
