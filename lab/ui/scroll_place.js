// A page is opened at its top, and found by Back and Forward where it was left. Browsers do so for what scrolls with the
// window; here pages scroll in a part of their own, which stays as it is when another page is drawn into it.
window.labScrollPlace ??= ((push) => {
  // Milliseconds since a page was last being drawn, after which it is as it will be, or at last taken to be too short now;
  // and since it was gone back to.
  const CALM = 400, LONG = 10000, LONGEST = 60000;
  const HANDS = ["wheel", "touchstart", "pointerdown", "keydown"];
  const places = new Map();  // how far each page was scrolled, by its path
  const main = () => document.querySelector("[data-testid=stMain]");
  const title = () => main()?.querySelector("h1")?.textContent;
  const isBeingDrawn = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "running";
  let sought = null;  // where the page that is gone back to is to stand; null once it does, or a hand is at work

  // A page that is left is emptied before the address changes, which is no scrolling.
  function note({ target }) {
    if (target === main() && title() && !sought) places.set(location.pathname, target.scrollTop);
  }

  // The page grows while it is drawn: it is scrolled until it is whole.
  function follow(wanted) {
    if (sought !== wanted) return;
    const now = performance.now();
    const isHere = title() && title() !== wanted.left;
    if (isHere) main().scrollTop = wanted.top;
    if (!isHere || isBeingDrawn()) wanted.drawn = now;
    const isThere = isHere && Math.abs(main().scrollTop - wanted.top) < 1;
    if (now - wanted.drawn > (isThere ? CALM : LONG) || now - wanted.begun > LONGEST) sought = null;
    else requestAnimationFrame(() => follow(wanted));
  }

  history.pushState = (...entry) => {
    const before = location.pathname;
    push(...entry);
    if (location.pathname !== before) main()?.scrollTo(0, 0);
  };
  addEventListener("popstate", () => {
    const now = performance.now();
    sought = { top: places.get(location.pathname) ?? 0, left: title(), begun: now, drawn: now };
    follow(sought);
  });
  addEventListener("scroll", note, true);
  for (const kind of HANDS) addEventListener(kind, () => { sought = null; }, { capture: true, passive: true });
  return true;
})(history.pushState.bind(history));
