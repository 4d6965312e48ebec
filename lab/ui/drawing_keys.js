// Drawing by keyboard: in the square the arrow keys move the pen, and Space puts it down or lifts it.

const STEP = 10;  // of the square's 280 a key press: a pixel of the picture that the network gets
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class KeyboardPen {
  constructor(board) {
    this.board = board;
    this.mark = board.place.querySelector(".lab-board-pen");
    this.at = { x: board.side / 2, y: board.side / 2 };
    this.isDown = false;
    board.canvas.addEventListener("keydown", (event) => this.press(event));
    board.canvas.addEventListener("focus", () => this.show());
    board.canvas.addEventListener("blur", () => this.lift());
    this.show();
  }

  press(event) {
    const way = ARROWS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(way || event.key === " ")) return;
    event.preventDefault();  // else the page would scroll
    if (way) this.move(way);
    else if (this.isDown) this.lift();
    else if (!event.repeat) this.putDown();
    this.show();
  }

  move([x, y]) {
    const within = (value) => Math.min(Math.max(value, 0), this.board.side);
    this.at = { x: within(this.at.x + STEP * x), y: within(this.at.y + STEP * y) };
    if (this.isDown) this.board.draw((strokes) => strokes.at(-1).points.push({ ...this.at }));
  }

  putDown() {
    if (this.board.isDown) return;  // a mouse or a finger draws
    this.isDown = this.board.isDown = true;
    this.board.draw((strokes) => strokes.push({ points: [{ ...this.at }] }));
  }

  lift() {
    if (!this.isDown) return;
    this.isDown = this.board.isDown = false;
    this.board.changed();
    this.show();
  }

  show() {
    const [left, top] = [this.at.x, this.at.y].map((at) => `${(100 * at) / this.board.side}%`);
    Object.assign(this.mark.style, { left, top });
    this.mark.classList.toggle("lab-board-pen-down", this.isDown);
  }
}
