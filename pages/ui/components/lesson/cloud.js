// Codes in the plane, drawn on a canvas, with a handle that can be dragged and marks that a scene puts there.

import { add } from "../latent_pad/elements.js";
import { COLOURS } from "../latent_pad/map.js";
import { ready } from "./canvas.js";

const STEPS_A_KEY = 100;

export class Cloud {
  /** `onMove([u, v])` while the handle is dragged, `onRelease([u, v])` when it is let go; without them there is no handle. */
  constructor(parent, name, { onMove = null, onRelease = () => {}, label = "" } = {}) {
    Object.assign(this, { onMove, onRelease, points: null, place: null, range: [-3, 3, -3, 3], drawOver: () => {} });
    this.canvas = add(parent, "canvas", "le-cloud");
    this.canvas.dataset.testid = name;
    this.canvas.setAttribute("role", onMove ? "application" : "img");
    this.canvas.setAttribute("aria-label", label);
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.canvas);
    if (onMove) this.listen();
  }

  /** Points [2 n] one after the other and the label of each; `range` is u0, u1, v0, v1 in sight. */
  show(points, labels, range = rangeOf(points)) {
    Object.assign(this, { points, labels, range });
    this.draw();
  }

  /** The handle lies there. */
  put(place) {
    this.place = place;
    this.draw();
  }

  x = (u) => ((u - this.range[0]) / (this.range[1] - this.range[0])) * this.width;
  y = (v) => (1 - (v - this.range[2]) / (this.range[3] - this.range[2])) * this.height;

  /** Pixels a unit, across. */
  get scale() {
    return this.width / (this.range[1] - this.range[0]);
  }

  draw() {
    const drawn = ready(this.canvas);
    if (!drawn) return;
    const { context, style } = drawn;
    [this.width, this.height] = [drawn.width, drawn.height];
    this.axes(context, style);
    const { points, labels } = this;
    context.globalAlpha = 0.75;
    for (let n = 0; points && n < labels.length; n += 1) {
      context.fillStyle = COLOURS[labels[n] % COLOURS.length];
      context.fillRect(this.x(points[2 * n]) - 1.5, this.y(points[2 * n + 1]) - 1.5, 3, 3);
    }
    context.globalAlpha = 1;
    this.drawOver(context, style);
    if (this.place) dot(context, this.x(this.place[0]), this.y(this.place[1]), 8, style.getPropertyValue("--st-primary-color") || "#3b6fd4");
  }

  axes(context, style) {
    context.strokeStyle = style.getPropertyValue("--st-border-color") || "#ddd";
    context.fillStyle = style.color;
    context.font = `11px ${style.fontFamily}`;
    const [u0, u1, v0, v1] = this.range;
    const step = niceStep(u1 - u0);
    for (let u = Math.ceil(u0 / step) * step; u <= u1; u += step) {
      stroke(context, [this.x(u), 0], [this.x(u), this.height]);
      context.fillText(label(u, step), this.x(u) + 3, this.height - 4);
    }
    for (let v = Math.ceil(v0 / step) * step; v <= v1; v += step) {
      stroke(context, [0, this.y(v)], [this.width, this.y(v)]);
      context.fillText(label(v, step), 3, this.y(v) - 3);
    }
  }

  listen() {
    const { canvas } = this;
    canvas.tabIndex = 0;
    const at = (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      const [u0, u1, v0, v1] = this.range;
      const share = (value, whole) => Math.min(Math.max(value / whole, 0), 1);
      return [u0 + share(event.clientX - left, this.width) * (u1 - u0), v1 - share(event.clientY - top, this.height) * (v1 - v0)];
    };
    const move = (place) => {
      this.put(place);
      this.onMove(place);
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.isDragged = true;
      move(at(event));
    });
    canvas.addEventListener("pointermove", (event) => this.isDragged && event.isPrimary && move(at(event)));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => {
        if (this.isDragged) this.onRelease(this.place);
        this.isDragged = false;
      });
    }
    const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    canvas.addEventListener("keydown", (event) => {
      const by = keys[event.key];
      if (!by || !this.place) return;
      event.preventDefault();
      const step = (this.range[1] - this.range[0]) / STEPS_A_KEY;
      move([this.place[0] + by[0] * step, this.place[1] + by[1] * step]);
    });
    canvas.addEventListener("keyup", (event) => keys[event.key] && this.place && this.onRelease(this.place));
  }

  close() {
    this.resizing.disconnect();
  }
}

/** A square around all points, with a margin. */
export function rangeOf(points, margin = 0.08) {
  let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let k = 0; k < points.length; k += 2) {
    [u0, u1, v0, v1] = [Math.min(u0, points[k]), Math.max(u1, points[k]), Math.min(v0, points[k + 1]), Math.max(v1, points[k + 1])];
  }
  const half = (Math.max(u1 - u0, v1 - v0) / 2) * (1 + 2 * margin) || 1;
  const [u, v] = [(u0 + u1) / 2, (v0 + v1) / 2];
  return [u - half, u + half, v - half, v + half];
}

/** A round mark with a white rim, as the explorer's handle. */
export function dot(context, x, y, radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = "#fff";
  context.stroke();
  context.lineWidth = 1;
}

export function stroke(context, ...places) {
  context.beginPath();
  places.forEach(([x, y]) => context.lineTo(x, y));
  context.stroke();
}

function niceStep(length) {
  const raw = length / 6;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw);
}

function label(value, step) {
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step)))).replace("-", "−").replace(/^−0(\.0*)?$/, "0");
}
