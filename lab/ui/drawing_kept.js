// A drawing outlives a reload: the tab keeps the newest strokes of each board, and no other tab has them.

function keptStrokes(board) {
  try {  // a browser may be told to keep nothing
    return JSON.parse(sessionStorage.getItem(`lab-drawing-${board}`));
  } catch {
    return null;
  }
}

function keepStrokes(board, strokes) {
  try {
    sessionStorage.setItem(`lab-drawing-${board}`, JSON.stringify(strokes));
  } catch {}
}
