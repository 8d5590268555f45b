// The map: the probe set's codes, the manifold's edge, and the cursor.

import { add } from "../latent_pad/elements.js";
import { COLOURS } from "../latent_pad/map.js";
import { tr } from "../words.js";
import { Surface } from "./surface.js";

const STEPS = 50; // of an arrow key from the middle to the edge
const OUTLIERS = 0.005; // such a share may lie beyond the edge, either way
const MARGIN = 1.12;
const SHAPES = [
  (context, x, y, r) => (context.moveTo(x + r, y), context.arc(x, y, r, 0, 7)),
  (context, x, y, r) => context.rect(x - r, y - r, 2 * r, 2 * r),
  (context, x, y, r) => (context.moveTo(x, y - 1.4 * r), context.lineTo(x + 1.4 * r, y), context.lineTo(x, y + 1.4 * r), context.lineTo(x - 1.4 * r, y), context.closePath()), // prettier-ignore
];

export class FilmMap {
  /** `onPoint(event)` tells that the cursor has moved. */
  constructor(parent, data, onPoint) {
    this.data = data;
    this.cursor = [0, 0];
    this.surface = new Surface(parent, data.sheets ? tr("Codes; the manifold spans the dashed frame") : tr("Codes on the map"), "map", "fm-square");
    const area = add(this.surface.figure, "div", "fm-map");
    area.append(this.surface.canvas);
    area.tabIndex = 0;
    area.setAttribute("role", "application");
    area.setAttribute("aria-label", tr("Map of the latent space. Arrow keys move the cursor, which decodes."));
    this.area = area;
    for (const kind of ["pointermove", "pointerdown"]) area.addEventListener(kind, (event) => this.follow(event, onPoint));
    area.addEventListener("keydown", (event) => this.step(event, onPoint));
    if (data.groups.length > 1) this.legend(parent);
  }

  legend(parent) {
    const list = add(parent, "ul", "fm-legend");
    this.data.groups.forEach((name, group) => {
      const item = add(list, "li");
      const mark = add(item, "span", `fm-mark fm-shape-${shapeOf(group)}`);
      mark.style.background = COLOURS[group % COLOURS.length];
      item.append(name);
    });
  }

  open(frames) {
    this.members = this.data.groups.map(() => []);
    frames.groups.forEach((group, n) => this.members[group].push(n));
    const [low, high] = [0, 1].map((axis) => ends(frames, axis)).reduce((a, b) => [[a[0], b[0]], [a[1], b[1]]]);
    this.centre = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
    this.half = (Math.max(high[0] - low[0], high[1] - low[1]) / 2) * MARGIN || 1;
    this.cursor = [...this.centre];
  }

  fit() {
    this.surface.fit();
  }

  draw(places, epoch) {
    const { surface, centre, half } = this;
    const context = surface.clear();
    const scale = surface.width / (2 * half);
    const [left, top] = [half - centre[0], half + centre[1]];
    const x = (u) => (left + u) * scale;
    const y = (v) => (top - v) * scale;
    this.drawEdge(context, x, y);
    const radius = Math.max(surface.width / 200, 2);
    context.globalAlpha = 0.8;
    this.members.forEach((members, group) => {
      const put = SHAPES[shapeOf(group)];
      context.fillStyle = COLOURS[group % COLOURS.length];
      context.beginPath();
      for (const n of members) put(context, x(places[2 * n]), y(places[2 * n + 1]), radius);
      context.fill();
    });
    context.globalAlpha = 1;
    this.drawCursor(context, x(this.cursor[0]), y(this.cursor[1]));
    const [u, v] = this.cursor.map((value) => value.toFixed(2).replace("-", "−"));
    const { count, groups } = this.data;
    surface.describe(tr("Codes of {count} examples after epoch {epoch}, {colours} colours; cursor at {u}, {v}", { count, epoch, colours: groups.length, u, v }));
  }

  /** Where the manifold ends, and the axes. */
  drawEdge(context, x, y) {
    const [u0, u1, v0, v1] = this.data.reach;
    context.strokeStyle = this.surface.pale;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x(0), 0);
    context.lineTo(x(0), this.surface.height);
    context.moveTo(0, y(0));
    context.lineTo(this.surface.width, y(0));
    context.stroke();
    if (!this.data.sheets) return;
    context.setLineDash([4, 4]);
    context.strokeRect(x(u0), y(v1), x(u1) - x(u0), y(v0) - y(v1));
    context.setLineDash([]);
  }

  drawCursor(context, x, y) {
    for (const [width, colour] of [[5, "#000a"], [3, "#fff"]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, 8, 0, 7);
      context.stroke();
    }
  }

  follow(event, onPoint) {
    if (!event.isPrimary || !this.half) return;
    const box = this.surface.canvas.getBoundingClientRect();
    const across = (event.clientX - box.left) / box.width;
    const up = 1 - (event.clientY - box.top) / box.height;
    this.place(this.centre[0] + (2 * across - 1) * this.half, this.centre[1] + (2 * up - 1) * this.half);
    onPoint(event);
  }

  step(event, onPoint) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!steps || !this.half) return;
    event.preventDefault();
    const size = this.half / STEPS;
    this.place(this.cursor[0] + steps[0] * size, this.cursor[1] + steps[1] * size);
    onPoint(event);
  }

  /** The cursor stays within the map. */
  place(u, v) {
    const within = (value, middle) => Math.min(Math.max(value, middle - this.half), middle + this.half);
    this.cursor = [within(u, this.centre[0]), within(v, this.centre[1])];
  }
}

function shapeOf(group) {
  return Math.floor(group / COLOURS.length) % SHAPES.length;
}

/** [least, greatest] along an axis, of nearly all places in the last frame and in all of them. */
function ends(frames, axis) {
  const [all, last] = [frames.places, frames.places.subarray(-2 * frames.count)].map((places) => {
    const values = places.filter((_, i) => i % 2 === axis).sort();
    return [OUTLIERS, 1 - OUTLIERS].map((share) => values[Math.round(share * (values.length - 1))]);
  });
  return [Math.min(all[0], last[0]), Math.max(all[1], last[1])];
}
