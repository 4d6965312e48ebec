// Takes the toolbar of streamlit-drawable-canvas away: it lies in a shadow root of its own, which the page's styles do not
// reach, and version 0.13.0 has no setting for it. Cut off only, its buttons would still be reached by Tab.

const WITHOUT_TOOLBAR = new CSSStyleSheet();
WITHOUT_TOOLBAR.replaceSync(".dc-toolbar {display: none !important;}");

export default function ({ parentElement, data }) {
  const look = () => {
    if (!parentElement.isConnected) return;
    const inside = [...document.querySelectorAll(`.st-key-${data.canvas} *`)].map((element) => element.shadowRoot);
    const root = inside.find((root) => root);
    if (!root) requestAnimationFrame(look);  // Streamlit has not made it yet
    else if (!root.adoptedStyleSheets.includes(WITHOUT_TOOLBAR)) root.adoptedStyleSheets.push(WITHOUT_TOOLBAR);
  };
  look();
}
