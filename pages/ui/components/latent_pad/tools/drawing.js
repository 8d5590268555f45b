// A pad to draw on with mouse, pen or finger, and how a drawing becomes an example: with the scale and centring of MNIST.
// LeCun et al. 1998 (http://yann.lecun.com/exdb/mnist): fitted into 20×20 pixels, the centre of mass in the middle of 28×28.

import { tr } from "../../words.js";

const FITTED = 20 / 28;
const PEN = 2.6 / 28; // of the side: about as wide as MNIST's strokes
const FINE = 4; // drawn so much larger, then averaged
const PAD_PEN = 0.06;

/** Lines [[x, y], …] in any units, fitted and centred, as ink [side * side] in [0, 1]. */
export function rasterise(lines, side) {
  const points = lines.flat();
  if (points.length === 0) return new Float32Array(side * side);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const extent = Math.max(Math.max(...xs) - left, Math.max(...ys) - top);
  const scale = extent > 0 ? ((FITTED - PEN) * side) / extent : 0;
  const placed = (dx, dy) => lines.map((line) => line.map(([x, y]) => [(x - left) * scale + dx, (y - top) * scale + dy]));
  const first = ink(placed(side / 4, side / 4), side * 2); // roomy, only to find the centre of mass
  const [cx, cy] = centreOfMass(first, side * 2);
  return ink(placed(side / 4 + side / 2 - cx, side / 4 + side / 2 - cy), side, side);
}

/** How much ink lies on each pixel of a square: lines in pixels, as wide as a pen for pictures of side `of`. */
function ink(lines, side, of = side / 2) {
  const canvas = new OffscreenCanvas(side * FINE, side * FINE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: PEN * of * FINE, strokeStyle: "#fff" });
  for (const line of lines) {
    context.beginPath();
    line.forEach(([x, y]) => context.lineTo(x * FINE, y * FINE));
    if (line.length === 1) context.lineTo(line[0][0] * FINE + 0.01, line[0][1] * FINE);
    context.stroke();
  }
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const found = new Float32Array(side * side);
  for (let y = 0; y < side * FINE; y += 1) {
    for (let x = 0; x < side * FINE; x += 1) {
      found[Math.floor(y / FINE) * side + Math.floor(x / FINE)] += data[4 * (y * side * FINE + x) + 3] / 255 / FINE ** 2;
    }
  }
  return found;
}

export function centreOfMass(values, side) {
  let [sum, sx, sy] = [0, 0, 0];
  values.forEach((value, n) => {
    sum += value;
    sx += value * ((n % side) + 0.5);
    sy += value * (Math.floor(n / side) + 0.5);
  });
  return sum ? [sx / sum, sy / sum] : [side / 2, side / 2];
}

export class DrawingPad {
  /** `onChange(lines)` while drawing: lines in units of the pad's side. */
  constructor(parent, isDark, onChange) {
    Object.assign(this, { onChange, isDark, lines: [] });
    this.canvas = parent.appendChild(document.createElement("canvas"));
    this.canvas.className = "lp-draw";
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", tr("Drawing pad: draw with mouse, pen or finger"));
    this.canvas.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || event.button !== 0) return;
      event.preventDefault();
      this.canvas.setPointerCapture(event.pointerId);
      this.lines.push([this.placeOf(event)]);
      this.drawing = true;
      this.changed();
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.drawing || !event.isPrimary) return;
      const events = event.getCoalescedEvents?.() ?? [];
      this.lines.at(-1).push(...(events.length ? events : [event]).map((one) => this.placeOf(one)));
      this.changed();
    });
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => (this.drawing = false));
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }

  placeOf(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  changed() {
    this.paint();
    this.onChange(this.lines);
  }

  clear() {
    this.lines = [];
    this.changed();
  }

  undo() {
    this.lines.pop();
    this.changed();
  }

  paint() {
    const side = Math.round(this.canvas.clientWidth * (window.devicePixelRatio || 1));
    Object.assign(this.canvas, { width: side, height: side });
    const context = this.canvas.getContext("2d");
    context.fillStyle = this.isDark ? "#000" : "#fff";
    context.fillRect(0, 0, side, side);
    Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: PAD_PEN * side, strokeStyle: this.isDark ? "#fff" : "#000" });
    for (const line of this.lines) {
      context.beginPath();
      line.forEach(([x, y]) => context.lineTo(x * side, y * side));
      if (line.length === 1) context.lineTo(line[0][0] * side + 0.01, line[0][1] * side);
      context.stroke();
    }
    if (this.lines.length) return;
    context.fillStyle = this.isDark ? "#999" : "#777";
    context.font = `${side / 14}px sans-serif`;
    context.textAlign = "center";
    context.fillText(tr("Draw here"), side / 2, side / 2);
  }
}
