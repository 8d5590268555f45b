// One's own picture: drawn, uploaded, pasted or taken from the data; encoded at once, with its posterior on the map.

import { DrawingPad, rasterise } from "./drawing.js";
import { add, button, figure } from "../elements.js";
import { Latest } from "../latest.js";
import { ellipseOf } from "../layers/ellipses.js";
import { exampleOf } from "./example.js";
import { normal } from "../random.js";
import { later, tr } from "../../words.js";

const EMPTY = later("Draw, upload or paste a picture: it is encoded at once, and its place on the map is marked “x”.");

export class InputTool {
  constructor(panel, pad) {
    Object.assign(this, { panel, pad, latest: new Latest() });
    const [channels, , side] = pad.data.shape;
    Object.assign(this, { channels, side });
    const row = add(panel, "div", "lp-input-row");
    const left = add(row, "div", "lp-input-source");
    this.drawing = new DrawingPad(left, pad.data.is_dark, (lines) => this.takeLines(lines));
    const buttons = add(left, "div", "lp-bar");
    button(buttons, tr("Clear"), tr("Begin with an empty pad")).addEventListener("click", () => this.drawing.clear());
    button(buttons, tr("Undo stroke"), tr("Take the last stroke away")).addEventListener("click", () => this.drawing.undo());
    const upload = add(left, "div", "lp-bar");
    this.file = add(upload, "input", "");
    Object.assign(this.file, { type: "file", accept: "image/*", hidden: true });
    this.file.setAttribute("aria-label", tr("Picture file"));
    this.file.addEventListener("change", () => this.takeFile(this.file.files[0]));
    button(upload, tr("Upload a picture"), tr("From a file; pasting one works too")).addEventListener("click", () => this.file.click());
    button(upload, tr("One of the data"), tr("A sample of the dataset taken at random")).addEventListener("click", () => this.takeSample());
    const right = add(row, "div", "lp-input-result");
    const pictures = add(right, "div", "lp-input-pictures");
    this.seen = captioned(pictures, tr("What the model sees"), "seen");
    this.again = captioned(pictures, tr("Its reconstruction"), "reconstructed");
    this.rolled = captioned(pictures, tr("From the posterior, ε rolled"), "rolled");
    this.told = add(right, "p", "lp-status");
    this.told.setAttribute("role", "status");
    this.told.textContent = tr(EMPTY);
    const after = add(right, "div", "lp-bar");
    this.after = [
      button(after, tr("Go there"), tr("The point moves to the code of this picture")),
      button(after, tr("Roll ε again"), tr("Another sample of q(z | x): z = μ + σ ε")),
      button(after, tr("As A"), tr("One end of a path")),
      button(after, tr("As B"), tr("The other end of a path")),
    ];
    const [go, roll, a, b] = this.after;
    go.addEventListener("click", () => this.goThere());
    roll.addEventListener("click", () => this.roll());
    a.addEventListener("click", () => this.asEnd("a"));
    b.addEventListener("click", () => this.asEnd("b"));
    this.enable(false);
    this.onPaste = (event) => {
      const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
      if (file) this.takeFile(file);
    };
  }

  enable(isOn) {
    this.after.forEach((one) => one.setAttribute("aria-disabled", String(!isOn)));
  }

  open() {
    document.addEventListener("paste", this.onPaste);
    this.draw();
  }

  close() {
    document.removeEventListener("paste", this.onPaste);
    this.pad.map.overlay.mark("x", null);
    this.pad.map.overlay.draw([]);
  }

  takeLines(lines) {
    if (lines.length === 0) return this.empty();
    const found = rasterise(lines, this.side);
    const x = new Float32Array(this.channels * this.side * this.side);
    for (let c = 0; c < this.channels; c += 1) x.set(this.pad.data.is_dark ? found : found.map((value) => 1 - value), c * found.length);
    this.take(x);
  }

  /** Nothing is drawn: what is still being encoded does not count either. */
  empty() {
    this.latest.stop();
    Object.assign(this, { example: null, wanted: null, code: null });
    for (const canvas of [this.seen, this.again, this.rolled]) canvas.width = 1; // which clears it
    this.told.textContent = tr(EMPTY);
    this.enable(false);
    this.draw();
  }

  /** The encoder is told another label. */
  relabel() {
    if (this.example) this.take(this.example);
  }

  async takeFile(file) {
    if (!file) return;
    try {
      this.take(await exampleOf(file, this.pad.data));
    } catch (error) {
      this.told.textContent = error.message;
    }
    this.file.value = "";
  }

  takeSample() {
    const { samples } = this.pad;
    const block = samples?.thumbnails;
    if (!block || block.side !== this.side) {
      this.told.textContent = tr("The pictures of the data are not here at their full size.");
      return;
    }
    const area = this.side ** 2;
    const k = Math.floor(Math.random() * block.count);
    const x = new Float32Array(this.channels * area);
    for (let n = 0; n < area; n += 1) for (let c = 0; c < this.channels; c += 1) x[c * area + n] = block.pixels[(k * area + n) * this.channels + c] / 255;
    this.take(x);
  }

  /** Encode; of the pictures that arrive meanwhile only the newest is encoded next. */
  async take(x) {
    Object.assign(this, { example: x, wanted: x });
    if (this.working) return;
    this.working = true;
    try {
      while (this.wanted) await this.encode();
    } catch (error) {
      this.told.textContent = tr("It could not be encoded: {why}. Try again.", { why: error.message });
    } finally {
      this.working = false;
    }
  }

  /** What is wanted now: its code, its reconstruction, and, if nothing newer is wanted then, a sample of its posterior. */
  async encode() {
    const isLatest = this.latest.begin();
    const { pad, wanted } = this;
    this.wanted = null;
    pad.paintDecoded(this.seen, wanted);
    const code = await pad.encode(wanted);
    const reconstruction = await pad.decode([...code.mean]);
    if (!isLatest()) return;
    this.code = code;
    pad.paintDecoded(this.again, reconstruction);
    this.draw();
    this.enable(true);
    if (!this.wanted) await this.roll();
  }

  async roll() {
    if (!this.code) return;
    const { code } = this;
    const values = await this.pad.decode([...code.mean].map((value, i) => value + code.std[i] * normal()));
    if (code === this.code) this.pad.paintDecoded(this.rolled, values);
  }

  goThere() {
    this.pad.jump([...this.code.mean]);
  }

  asEnd(end) {
    const z = [...this.code.mean];
    this.pad.tools.open("paths");
    this.pad.remember("tool", "paths");
    this.pad.tools.made.get("paths").tool.choose(end, z);
  }

  /** The posterior on the map: its mean, and one standard deviation around it. */
  draw() {
    const { pad, code } = this;
    if (pad.tools.opened !== this) return; // the map is another tool's now
    if (!code) {
      pad.map.overlay.mark("x", null);
      return pad.map.overlay.draw([]);
    }
    const { plane } = pad;
    const [u, v] = plane.project([...code.mean]);
    pad.map.overlay.mark("x", [u, v]);
    this.tellCode();
    if (!plane.hasInverse) return pad.map.overlay.draw([]); // a spread has no shape on it
    const covariance = [[0, 0], [0, 1], [1, 1]].map(([p, q]) => plane.rows[p].reduce((sum, weight, i) => sum + weight * plane.rows[q][i] * code.std[i] ** 2, 0)); // prettier-ignore
    const { major, minor, angle } = ellipseOf(covariance);
    const around = Array.from({ length: 49 }, (_, k) => {
      const [a, b] = [major * Math.cos((k * Math.PI) / 24), minor * Math.sin((k * Math.PI) / 24)];
      return [u + a * Math.cos(angle) - b * Math.sin(angle), v + a * Math.sin(angle) + b * Math.cos(angle)];
    });
    pad.map.overlay.draw([{ colour: "#222", points: around }]);
  }

  /** The code in numbers, and what lies nearest. */
  tellCode() {
    const { pad, code } = this;
    const label = pad.around.labelAt([...code.mean]);
    const widths = [...code.std].slice(0, 4).map((value, i) => `${code.mean[i].toFixed(2)} ± ${value.toPrecision(2)}`);
    if (code.std.length > 4) widths.push("…");
    const told = [tr("Code μ ± σ: {values}", { values: widths.join(", ") })];
    if (label) told.push(tr("nearest sample: {label}", { label }));
    this.told.textContent = told.join(" · ");
  }
}

function captioned(parent, text, name) {
  const [canvas, caption] = figure(parent, name);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", text);
  caption.textContent = text;
  return canvas;
}
