// The terms over the epochs, and a mark that moves on them. The lines are drawn once; a frame adds the marks.

import { tr } from "../words.js";
import { Surface } from "./surface.js";

const TRAIN = "#7f8ea3";
const VALIDATION = "#3b6fd4";
const HEAD = 18;
const FOOT = 6;
const NARROW = 420; // below this the panels stand below each other

export class Curves {
  constructor(parent, data) {
    this.data = data;
    this.surface = new Surface(parent, "", "curves", "fm-curves");
    const { caption } = this.surface;
    for (const [colour, name] of [[TRAIN, tr("training")], [VALIDATION, tr("validation")]]) {
      const mark = document.createElement("span");
      mark.className = "fm-line";
      mark.style.background = colour;
      caption.append(mark, ` ${name} `);
    }
    caption.append(tr("(nats an example)"));
    this.lines = data.curves.lines.map((line) => {
      const values = [...line.train, ...line.validation];
      const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
      return { ...line, low, span: high - low || 1 };
    });
    this.indices = data.epochs.map((epoch) => data.curves.epochs.indexOf(epoch)); // frame -> place on a curve
  }

  fit() {
    const { surface } = this;
    surface.canvas.style.height = ""; // as the style sheet has it
    surface.fit();
    this.isNarrow = surface.width < NARROW;
    if (this.isNarrow) {
      surface.canvas.style.height = `${this.lines.length * 110}px`;
      surface.fit();
    }
    const context = surface.clear();
    this.lines.forEach((line, k) => this.drawLine(context, line, this.panel(k)));
    this.drawn?.close();
    this.drawn = null;
    const size = [surface.canvas.width, surface.canvas.height];
    if (!size[0] || !size[1]) return;
    const copy = new OffscreenCanvas(...size);
    copy.getContext("2d").drawImage(surface.canvas, 0, 0);
    this.drawn = copy.transferToImageBitmap();
  }

  panel(k) {
    const { width, height } = this.surface;
    const count = this.lines.length;
    const gap = 14;
    if (this.isNarrow) return { left: 4, top: (k * height) / count, width: width - 8, height: height / count };
    const each = (width - gap * (count - 1)) / count;
    return { left: k * (each + gap), top: 0, width: each, height };
  }

  /** Where an epoch's value is drawn. */
  place(line, panel, epoch, value) {
    const { epochs } = this.data.curves;
    const span = Math.max(epochs.at(-1) - epochs[0], 1);
    return [
      panel.left + 5 + ((epoch - epochs[0]) / span) * (panel.width - 10),
      panel.top + HEAD + (1 - (value - line.low) / line.span) * (panel.height - HEAD - FOOT - 6) + 3,
    ];
  }

  drawLine(context, line, panel) {
    const { surface, data } = this;
    context.fillStyle = surface.ink;
    context.textAlign = "left";
    context.fillText(line.name, panel.left, panel.top + 12);
    context.strokeStyle = surface.pale;
    context.lineWidth = 1;
    context.strokeRect(panel.left + 0.5, panel.top + HEAD, panel.width - 1, panel.height - HEAD - FOOT);
    context.lineWidth = 1.5;
    for (const [part, colour] of [["train", TRAIN], ["validation", VALIDATION]]) {
      context.strokeStyle = colour;
      context.beginPath();
      line[part].forEach((value, k) => context.lineTo(...this.place(line, panel, data.curves.epochs[k], value)));
      context.stroke();
    }
  }

  draw(position) {
    const { surface, data, indices } = this;
    const context = surface.clear();
    if (!this.drawn) return;
    context.drawImage(this.drawn, 0, 0, surface.width, surface.height);
    const first = Math.floor(position);
    const next = Math.min(first + 1, indices.length - 1);
    const between = (values) => values[indices[first]] + (position - first) * (values[indices[next]] - values[indices[first]]);
    const epoch = between(data.curves.epochs);
    this.lines.forEach((line, k) => {
      const panel = this.panel(k);
      const value = between(line.validation);
      const [x, y] = this.place(line, panel, epoch, value);
      context.fillStyle = surface.ink;
      context.globalAlpha = 0.4;
      context.fillRect(x - 0.5, panel.top + HEAD, 1, panel.height - HEAD - FOOT);
      context.globalAlpha = 1;
      context.textAlign = "right";
      context.fillText(value.toFixed(1), panel.left + panel.width, panel.top + 12);
      context.fillStyle = VALIDATION;
      context.beginPath();
      context.arc(x, y, 4.5, 0, 7);
      context.fill();
    });
    const told = this.lines.map((line) => `${line.name} ${line.validation[indices[Math.round(position)]].toFixed(1)}`);
    surface.describe(tr("Curves with a mark at epoch {epoch}: validation {values}", { epoch: data.epochs[Math.round(position)], values: told.join(", ") }));
  }
}
