// One line where there may be little room, such as in the bar at the top: the less important parts go first. Stands before
// lab/ui/channel.js.

const tried = new WeakMap();  // of a line: how wide it was, which text fitted, and how long that was

// The first of these texts, the longest first, that fits into the line, or the last. What had no room once has none until
// the line is another width: no part comes and goes with a digit.
function fitting(line, texts) {
  const width = line.clientWidth;
  let { width: before, place, length } = tried.get(line) ?? {};
  if (width !== before) [place, length] = [0, 0];
  while (place < texts.length - 1 && texts[place].length > length) {
    line.firstChild.data = texts[place];
    if (line.scrollWidth <= width) {
      length = texts[place].length;
      break;
    }
    [place, length] = [place + 1, 0];
  }
  tried.set(line, { width, place, length });
  return texts[Math.min(place, texts.length - 1)];
}
