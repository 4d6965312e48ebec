// What a chart shows, for who does not see it: what it is, and where each of its curves ends now.

function inWords({ data, layout }) {
  const curves = data.filter(({ type, mode, hovertemplate }) =>
    type === "scatter" && mode?.includes("lines") && hovertemplate);  // an area around a curve says nothing
  return [layout.meta, curves.map(endInWords).join("; ")].filter(Boolean).join(": ");
}

function asRead(name) {
  return name.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
}

function endInWords({ name, whole = name, x, y, hovertemplate, meta }) {
  const curve = asRead(whole);
  const last = y.findLastIndex((value) => value !== null);
  if (last < 0) return `${curve}, no points`;
  const value = hovertemplate.replace(/%\{y:\.(\d)([fg])\}/, (_, digits, kind) =>
    String(kind === "f" ? y[last].toFixed(digits) : Number(y[last].toPrecision(digits))).replace("-", "−"));
  return `${curve} ${value} ${meta ?? `at epoch ${Number(x[last].toFixed(1))}`}`;
}

function sayInWords(place) {
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", inWords(place));
}
