// What signature_pad leaves out: it draws a line to its last point but one only, and of two points a dot. A quick stroke
// has few points, far from each other, and all of them are read.

function drawEnds(canvas, pen, strokes) {
  const ink = canvas.getContext("2d");
  Object.assign(ink, { lineWidth: pen, lineCap: "round", strokeStyle: "#fff" });
  ink.beginPath();
  for (const [from, to] of strokes.map(({ points }) => points.slice(-2))) {
    if (!to) continue;  // a dot, which is drawn
    ink.moveTo(from.x, from.y);
    ink.lineTo(to.x, to.y);
  }
  ink.stroke();
}
