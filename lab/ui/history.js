// The way back: a visit of a page is one entry of the browser's history, and so is a choice on most pages.
//
// Train, Layers and Runs show what their session holds, and write that into their address, also into one that is gone
// back to. As an entry each, their addresses would hold whoever wants to go back to the page before.
//
// On the way to another page Streamlit also writes into the address that is left: the new page's parameters, which it
// obeys at once while the change of page waits for React's next drawing, or nothing at all, where `st.switch_page`
// clears it. So what a click that leads away has written into the old address is taken back.
window.labWayBack ??= ((push, replace) => {
  const OF_ONE_ENTRY = /\/(train|layers|runs)$/;
  let left = location.href;  // the address at the last click or key
  let isAnswer = false;  // whether what comes now is the first answer to it
  let hasEntry = false;  // whether that has been given an entry
  const act = () => { [left, isAnswer, hasEntry] = [location.href, true, false]; };
  const arrive = () => { [left, isAnswer, hasEntry] = [location.href, false, false]; };

  history.pushState = (state, title, address) => {
    const { pathname } = new URL(address ?? "", location.href);
    if (pathname === location.pathname) {
      const isEntry = isAnswer && !OF_ONE_ENTRY.test(pathname);
      (isEntry ? push : replace)(state, title, address);
      [isAnswer, hasEntry] = [false, hasEntry || isEntry];
      return;
    }
    if (!hasEntry) replace(history.state, title, left);
    (hasEntry ? replace : push)(state, title, address);
    arrive();
  };
  for (const kind of ["pointerdown", "keydown", "click"]) addEventListener(kind, act, true);
  addEventListener("popstate", arrive);
  return true;
})(history.pushState.bind(history), history.replaceState.bind(history));
