// A picture, its reconstruction, and what every pixel adds to the reconstruction loss; a cursor tells the nats of one.

import { add } from "../latent_pad/elements.js";
import { paintReconstruction } from "../latent_pad/picture.js";
import { tr, trn } from "../words.js";
import { colourOf, gradient, rangeOf } from "./colours.js";
import { nats, sum, written } from "./words.js";

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export class Pictures {
  constructor(parent, shape) {
    this.shape = shape;
    this.row = add(parent, "div", "el-pictures");
    this.row.tabIndex = 0;
    this.row.setAttribute("role", "group");
    this.row.setAttribute("aria-label", tr("The loss of every pixel. Arrow keys go from pixel to pixel."));
    this.figures = ["original", "reconstruction", "loss"].map((name) => this.figure(name));
    const legend = add(parent, "div", "el-legend");
    [this.low, this.scale, this.high] = ["span", "i", "span"].map((tag) => add(legend, tag));
    this.told = add(parent, "p", "el-told");
    this.told.setAttribute("aria-live", "polite");
    this.row.addEventListener("keydown", this.step);
    this.row.addEventListener("pointerleave", () => this.row.matches(":focus") || this.point(null));
  }

  figure(name) {
    const made = add(this.row, "figure", "el-figure");
    const frame = add(made, "div", "el-frame");
    const canvas = add(frame, "canvas");
    canvas.setAttribute("role", "img");
    canvas.dataset.testid = name;
    const cursor = add(frame, "div", "el-cursor");
    cursor.hidden = true;
    for (const kind of ["pointermove", "pointerdown"]) frame.addEventListener(kind, (event) => this.follow(frame, event));
    return { canvas, cursor, caption: add(made, "figcaption") };
  }

  /** Arrays [C, H, W]; returns what the drawn numbers sum up to. */
  show({ x, decoded, reconstruction }, captions) {
    const [channels, height, width] = this.shape;
    const area = height * width;
    this.values = { x, decoded };
    this.loss = Float64Array.from({ length: area }, (_, pixel) => {
      let loss = 0;
      for (let channel = 0; channel < channels; channel += 1) loss += reconstruction[channel * area + pixel];
      return loss;
    });
    const [low, high] = rangeOf(this.loss);
    const [original, decodedFigure, loss] = this.figures;
    paintReconstruction(original.canvas, x, this.shape);
    paintReconstruction(decodedFigure.canvas, decoded, this.shape);
    const colours = Array.from(this.loss, (value) => colourOf(value, high));
    const paint = Float32Array.from({ length: 3 * area }, (_, n) => colours[n % area][Math.floor(n / area)] / 255);
    paintReconstruction(loss.canvas, paint, [3, height, width]);
    this.figures.forEach(({ caption }, k) => (caption.textContent = captions[k]));
    original.canvas.setAttribute("aria-label", tr("The original, {width} × {height} pixels.", { width, height }));
    decodedFigure.canvas.setAttribute("aria-label", tr("The reconstruction."));
    const total = sum(this.loss);
    const most = this.loss.indexOf(Math.max(...this.loss));
    const told = { total: nats(total), most: nats(this.loss[most]), place: this.placeOf(most) };
    const words = trn("The reconstruction loss of {count} pixel, {total} nats in all; the most is {most} nats at {place}.", "The reconstruction loss of {count} pixels, {total} nats in all; the most is {most} nats at {place}.", area, told);
    loss.canvas.setAttribute("aria-label", words);
    this.scale.style.background = gradient(low < 0);
    [this.low.textContent, this.high.textContent] = [nats(low), tr("{nats} nats a pixel", { nats: nats(high) })];
    this.point(this.pixel ?? null);
    return total;
  }

  placeOf(pixel) {
    const [, , width] = this.shape;
    return tr("row {row}, column {column}", { row: Math.floor(pixel / width) + 1, column: (pixel % width) + 1 });
  }

  follow(frame, event) {
    const [, height, width] = this.shape;
    const box = frame.getBoundingClientRect();
    const index = (place, size, cells) => Math.min(Math.max(Math.floor((place / size) * cells), 0), cells - 1);
    this.point(index(event.clientY - box.top, box.height, height) * width + index(event.clientX - box.left, box.width, width));
  }

  step = (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const [, height, width] = this.shape;
    const pixel = this.pixel ?? 0;
    const row = (Math.floor(pixel / width) + arrow[0] + height) % height;
    this.point(row * width + (((pixel % width) + arrow[1] + width) % width));
  };

  /** Put the cursor on a pixel and tell its nats; null takes it away. */
  point(pixel) {
    const [channels, height, width] = this.shape;
    this.pixel = pixel;
    for (const { cursor } of this.figures) {
      cursor.hidden = pixel === null;
      const [left, top] = pixel === null ? [0, 0] : [pixel % width, Math.floor(pixel / width)];
      Object.assign(cursor.style, { left: `${(100 * left) / width}%`, top: `${(100 * top) / height}%`, width: `${100 / width}%`, height: `${100 / height}%` });
    }
    if (pixel === null) {
      this.told.textContent = tr("Point at a pixel, or go there by arrow keys: its nats stand here.");
      return;
    }
    const values = (array) => Array.from({ length: channels }, (_, c) => written(array[c * height * width + pixel], 2)).join(", ");
    const told = { place: this.placeOf(pixel), nats: nats(this.loss[pixel]), x: values(this.values.x), decoded: values(this.values.decoded) };
    this.told.textContent = tr("{place}: {nats} nats · x = {x}, reconstructed as {decoded}", told);
  }
}
