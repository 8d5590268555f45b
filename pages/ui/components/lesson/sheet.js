// What a grid over the prior decodes to, as one picture; painted once a model, then kept.

import { add } from "../latent_pad/elements.js";
import { Latest } from "../latent_pad/latest.js";
import { paintCell } from "../latent_pad/picture.js";

export class Sheet {
  /** `quantiles` are even ones of N(0, 1); so many of them are taken either way. */
  constructor(parent, shape, cells, quantiles, words) {
    const places = Array.from({ length: cells }, (_, k) => quantiles[Math.round((k * (quantiles.length - 1)) / (cells - 1))]);
    Object.assign(this, { shape, cells, places, kept: new Map(), newest: new Latest() });
    const figure = add(parent, "figure", "le-picture le-sheet");
    this.canvas = add(figure, "canvas");
    this.canvas.dataset.testid = "sheet";
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", words);
    add(figure, "figcaption").textContent = words;
  }

  async show(model) {
    const isNewest = this.newest.begin();
    if (!this.kept.has(model)) this.kept.set(model, this.paint(model));
    const sheet = await this.kept.get(model);
    if (!isNewest()) return;
    Object.assign(this.canvas, { width: sheet.width, height: sheet.height });
    this.canvas.getContext("2d").drawImage(sheet, 0, 0);
  }

  /** z1 grows to the right, z2 upwards. */
  async paint(model) {
    const { cells, places, shape } = this;
    const [, height, width] = shape;
    const sheet = Object.assign(document.createElement("canvas"), { width: cells * width, height: cells * height });
    const row = document.createElement("canvas");
    for (let r = 0; r < cells; r += 1) {
      for (let c = 0; c < cells; c += 1) paintCell(row, await model.decode([places[c], places[cells - 1 - r]]), shape, c, cells);
      sheet.getContext("2d").drawImage(row, 0, r * height);
    }
    return sheet;
  }
}
