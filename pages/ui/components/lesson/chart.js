// Lines over a few named places, with a mark at the one that is chosen.

import { add } from "../latent_pad/elements.js";
import { stroke } from "./cloud.js";
import { told } from "./parts.js";
import { ready } from "./canvas.js";

const COLOURS = ["#e8833a", "#3fa35c", "#4c78d8"];
const MARGIN = { left: 8, right: 8, top: 16, bottom: 34 };

export class Chart {
  /** `lines` are { name, values } over `places`; `words` say what is drawn. */
  constructor(parent, places, lines, words) {
    Object.assign(this, { places, lines, at: 0 });
    const figure = add(parent, "figure", "le-chart");
    this.canvas = add(figure, "canvas");
    this.canvas.dataset.testid = "chart";
    this.canvas.setAttribute("role", "img");
    const key = add(figure, "figcaption");
    add(key, "span").textContent = words;
    lines.forEach(({ name }, k) => {
      const entry = add(key, "span", "le-key");
      entry.style.setProperty("--colour", COLOURS[k]);
      entry.textContent = name;
    });
    this.words = words;
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.canvas);
  }

  mark(k) {
    this.at = k;
    const here = this.lines.map(({ name, values }) => `${name} ${told(values[k])}`);
    this.canvas.setAttribute("aria-label", `${this.words}. ${this.places[k]}: ${here.join(", ")}`);
    this.draw();
  }

  draw() {
    const { canvas, places, lines } = this;
    const drawn = ready(canvas);
    if (!drawn) return;
    const { context, width, height, style } = drawn;
    const most = Math.max(...lines.flatMap(({ values }) => values));
    const inner = width - MARGIN.left - MARGIN.right;
    const x = (k) => MARGIN.left + ((k + 0.5) * inner) / places.length;
    const y = (value) => height - MARGIN.bottom - (value / most) * (height - MARGIN.top - MARGIN.bottom);
    context.font = `11px ${style.fontFamily}`;
    context.textAlign = "center";
    context.fillStyle = style.color;
    context.strokeStyle = style.getPropertyValue("--st-border-color") || "#ddd";
    stroke(context, [0, y(0)], [width, y(0)]);
    places.forEach((place, k) => context.fillText(place, x(k), height - 5));
    context.strokeStyle = style.color;
    context.setLineDash([3, 3]);
    stroke(context, [x(this.at), MARGIN.top], [x(this.at), y(0)]);
    context.setLineDash([]);
    lines.forEach(({ values }, line) => {
      context.strokeStyle = context.fillStyle = COLOURS[line];
      context.lineWidth = 2;
      stroke(context, ...values.map((value, k) => [x(k), y(value)]));
      values.forEach((value, k) => context.fillRect(x(k) - 2.5, y(value) - 2.5, 5, 5));
      context.fillStyle = style.color;
      const isHighest = lines.every((other) => other.values[this.at] <= values[this.at]);
      const isLast = this.at === places.length - 1;
      context.textAlign = isLast ? "right" : "left"; // beside the dashed line
      context.fillText(told(values[this.at], 1), x(this.at) + (isLast ? -5 : 5), y(values[this.at]) + (isHighest ? -6 : 16));
    });
    context.lineWidth = 1;
  }

  close() {
    this.resizing.disconnect();
  }
}
