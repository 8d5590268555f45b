// A canvas as sharp as the screen, drawn on in CSS pixels.

import { add } from "../latent_pad/elements.js";

export class Surface {
  constructor(parent, title, name, className = "") {
    const figure = add(parent, "figure", "fm-figure");
    this.caption = add(figure, "figcaption");
    this.caption.textContent = title;
    this.canvas = add(figure, "canvas", className);
    this.canvas.dataset.testid = `film-${name}`;
    this.canvas.setAttribute("role", "img");
    this.context = this.canvas.getContext("2d");
    this.figure = figure;
  }

  /** Take on the size that the page gives, and the theme's colours. */
  fit() {
    const { canvas } = this;
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(name).trim();
    this.width = canvas.clientWidth;
    this.height = canvas.clientHeight;
    this.ink = colour("--st-text-color") || "#333";
    this.pale = colour("--st-border-color") || "#ddd";
    this.accent = colour("--st-primary-color") || "#3b6fd4";
    this.ground = colour("--st-background-color") || "#fff";
    this.font = `12px ${colour("--st-font") || "sans-serif"}`;
    const scale = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.round(this.width * scale), height: Math.round(this.height * scale) });
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
  }

  clear() {
    this.context.clearRect(0, 0, this.width, this.height);
    this.context.font = this.font;
    return this.context;
  }

  describe(words) {
    if (words !== this.words) this.canvas.setAttribute("aria-label", words);
    this.words = words;
  }
}
