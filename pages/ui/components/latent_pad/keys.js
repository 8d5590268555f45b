// The keyboard: arrows move the point over the map, Ctrl+Z takes a move back.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const REST_MS = 400;

export class Keys {
  /** `onStep(du, dv, event)` in steps of the map, `onRest()` a moment after the last one, `onUndo(isRedo)`. */
  constructor(root, area, { onStep, onRest, onUndo }) {
    Object.assign(this, { root, area, onStep, onRest, onUndo });
    area.addEventListener("keydown", this.arrow);
    root.addEventListener("keydown", this.undo);
  }

  arrow = (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const far = event.shiftKey ? 5 : 1;
    this.onStep(arrow[0] * far, arrow[1] * far, event);
    clearTimeout(this.resting);
    this.resting = setTimeout(this.onRest, REST_MS);
  };

  undo = (event) => {
    const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
    if (!isUndo || ["number", "text"].includes(event.target.type)) return;
    event.preventDefault();
    this.onUndo(event.shiftKey);
  };

  close() {
    clearTimeout(this.resting);
    this.area.removeEventListener("keydown", this.arrow);
    this.root.removeEventListener("keydown", this.undo);
  }
}
