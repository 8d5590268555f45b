// One of several linked maps: codes as dots, a cross where the pointer is, a ring at the example that is lit, and what
// this model decodes there.

import { add, figure } from "../latent_pad/elements.js";
import { COLOURS } from "../latent_pad/map.js";
import { openDecoder } from "../latent_pad/networks.js";
import { paintReconstruction } from "../latent_pad/picture.js";
import { Plane, Samples } from "../latent_pad/samples.js";
import { isInside } from "../latent_pad/tools/lasso.js";
import { tr } from "../words.js";

const MARGIN = 0.06; // of the map around its codes
const KEY_STEP = 0.02; // of the map's width
const DOT = 3;

export class LinkedMap {
  constructor(parent, data, title, all) {
    Object.assign(this, { data, title, all, cursor: null, lit: null, polygon: null });
    this.card = add(parent, "section", "lm-card");
    add(this.card, "h4").textContent = title;
    this.canvas = add(this.card, "canvas", "lm-map");
    Object.assign(this.canvas, { tabIndex: 0 });
    this.canvas.dataset.testid = `linked-map-${parent.children.length - 1}`;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", tr("Map of {model}. Arrow keys move, Enter selects the fifty nearest.", { model: title }));
    [this.picture, this.caption] = figure(this.card, "linked-decoded");
    this.picture.setAttribute("role", "img");
    this.listen();
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.canvas);
  }

  async open() {
    const [samples, decoder] = await Promise.all([Samples.fetch(this.data), openDecoder(this.data)]);
    Object.assign(this, { samples, decoder });
    const { latents, principal } = this.data;
    const unit = (k) => Array.from({ length: latents }, (_, i) => Number(i === k));
    const isPlane = latents <= 2;
    this.plane = isPlane ? new Plane([unit(0), unit(1)], unit(-1)) : new Plane(principal.rows, principal.centre);
    this.axes = samples.project(this.plane);
    const [us, vs] = this.axes.map((values) => {
      const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
      return { low, high };
    });
    const span = Math.max(us.high - us.low, vs.high - vs.low, 1e-6) * (1 + 2 * MARGIN);
    this.frame = { left: (us.low + us.high - span) / 2, bottom: (vs.low + vs.high - span) / 2, span };
    if (this.all.closed) return this.close();
    this.draw();
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.follow(event));
    canvas.addEventListener("pointerup", () => this.release());
    canvas.addEventListener("pointercancel", () => (this.polygon = null));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  press(event) {
    if (!this.samples) return;
    this.canvas.setPointerCapture(event.pointerId);
    if (this.all.isLassoing) this.polygon = [this.placeOf(event)];
    else this.moveTo(this.placeOf(event));
  }

  follow(event) {
    if (!this.samples) return;
    const place = this.placeOf(event);
    if (this.polygon) {
      this.polygon.push(place);
      this.draw();
    } else this.moveTo(place);
  }

  release() {
    const { polygon } = this;
    this.polygon = null;
    if (!polygon) return;
    const found = [];
    for (let n = 0; n < this.samples.count; n += 1) {
      if (isInside([this.axes[0][n], this.axes[1][n]], polygon)) found.push(n);
    }
    this.all.select(found);
  }

  key(event) {
    if (!this.samples) return;
    const [du, dv] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
    if (event.key === "Enter") this.all.selectNearest(this);
    if (!du && !dv) return;
    event.preventDefault();
    const { left, bottom, span } = this.frame;
    const [u, v] = this.cursor ?? [left + span / 2, bottom + span / 2];
    this.moveTo([u + du * KEY_STEP * span, v + dv * KEY_STEP * span]);
  }

  /** The pointer is at a place of this map: decode it, and light the nearest example everywhere. */
  moveTo(place) {
    this.cursor = place;
    this.all.point(this, this.nearest(1)[0]);
  }

  /** The numbers of so many examples, the nearest to the cursor first. */
  nearest(count) {
    const { left, bottom, span } = this.frame;
    const [u, v] = this.cursor ?? [left + span / 2, bottom + span / 2];
    const [us, vs] = this.axes;
    const distance = (n) => (us[n] - u) ** 2 + (vs[n] - v) ** 2;
    if (count === 1) {
      let best = 0;
      for (let n = 1; n < us.length; n += 1) if (distance(n) < distance(best)) best = n;
      return [best];
    }
    return Array.from(us.keys()).sort((a, b) => distance(a) - distance(b)).slice(0, count);
  }

  /** Example n is lit; in the map that is pointed at what lies under the pointer is decoded, else the example's code. */
  light(n, isPointed) {
    if (!this.samples) return;
    if (!isPointed) this.cursor = null;
    this.lit = n;
    this.draw();
    const { latents } = this.data;
    const code = Array.from(this.samples.means.subarray(n * latents, (n + 1) * latents));
    const z = isPointed && this.cursor ? this.plane.lift(...this.cursor, code) : code;
    this.decode(z, n, isPointed);
  }

  async decode(z, n, isPointed) {
    if (this.data.shape.length !== 3) return;
    this.wanted = { z, n, isPointed };
    if (this.isBusy || !this.decoder) return;
    this.isBusy = true;
    while (this.wanted && !this.all.closed) {
      const { z: latent, n: nearest, isPointed: isThere } = this.wanted;
      this.wanted = null;
      const label = this.data.conditions.map((_, k) => Number(this.samples.labels[nearest] === k));
      try {
        paintReconstruction(this.picture, await this.decoder.decode(Float32Array.from([...latent, ...label])), this.data.shape);
        this.describe(isThere ? tr("at the pointer") : tr("the code of example {number}", { number: nearest + 1 }));
      } catch (error) {
        this.caption.textContent = error.message;
      }
    }
    this.isBusy = false;
  }

  /** What is decoded, in words. */
  describe(what) {
    this.caption.textContent = tr("Decoded: {what}", { what });
    this.picture.setAttribute("aria-label", tr("{model}, decoded {what}", { model: this.title, what }));
  }

  placeOf(event) {
    const { left: x, top: y, width, height } = this.canvas.getBoundingClientRect();
    const { left, bottom, span } = this.frame;
    return [left + ((event.clientX - x) / width) * span, bottom + (1 - (event.clientY - y) / height) * span];
  }

  draw() {
    const { canvas, samples, frame } = this;
    if (!samples || !frame || !canvas.clientWidth) return;
    const ratio = devicePixelRatio || 1;
    const size = canvas.clientWidth;
    const context = canvas.getContext("2d");
    const base = this.dots(size, ratio);
    Object.assign(canvas, { width: size * ratio, height: size * ratio });
    context.drawImage(base, 0, 0);
    context.scale(ratio, ratio);
    const at = ([u, v]) => [((u - frame.left) / frame.span) * size, (1 - (v - frame.bottom) / frame.span) * size];
    context.strokeStyle = getComputedStyle(canvas).color;
    if (this.polygon) {
      context.beginPath();
      for (const corner of this.polygon) context.lineTo(...at(corner));
      context.closePath();
      context.stroke();
    }
    context.lineWidth = 2;
    if (this.lit !== null) {
      const [x, y] = at([this.axes[0][this.lit], this.axes[1][this.lit]]);
      canvas.dataset.lit = `${x.toFixed(1)},${y.toFixed(1)}`;
      context.beginPath();
      context.arc(x, y, 8, 0, 7);
      context.stroke();
    }
    if (this.cursor) {
      const [x, y] = at(this.cursor);
      context.fillStyle = context.strokeStyle;
      context.fillRect(x - 9, y - 1, 18, 2);
      context.fillRect(x - 1, y - 9, 2, 18);
    }
  }

  /** All dots on a canvas of their own, drawn anew when the size or the selection is another. */
  dots(size, ratio) {
    const { selected } = this.all;
    if (this.base && this.base.size === size && this.base.selected === selected) return this.base.canvas;
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: size * ratio, height: size * ratio });
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const { left, bottom, span } = this.frame;
    const { of_label: groups } = this.data.groups;
    const draw = (isLit) => {
      for (let n = 0; n < this.samples.count; n += 1) {
        if (selected && selected.has(n) !== isLit) continue;
        const side = isLit && selected ? DOT + 2 : DOT;
        context.fillStyle = COLOURS[groups[this.samples.labels[n]] % COLOURS.length];
        const x = ((this.axes[0][n] - left) / span) * size;
        const y = (1 - (this.axes[1][n] - bottom) / span) * size;
        context.fillRect(x - side / 2, y - side / 2, side, side);
      }
    };
    context.globalAlpha = selected ? 0.12 : 0.7;
    draw(false);
    context.globalAlpha = 1;
    if (selected) draw(true);
    this.base = { canvas, size, selected };
    return canvas;
  }

  close() {
    this.sizes.disconnect();
    this.decoder?.close();
  }
}
