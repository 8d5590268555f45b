// Interpolation: from code A to code B on the straight line and on the sphere, both decoded, and how long z is on the way.

import { add } from "../../latent_pad/elements.js";
import { paintCell } from "../../latent_pad/picture.js";
import { line, nearbyWays, slerp } from "../../latent_pad/tools/ways.js";
import { tr } from "../../words.js";
import { stroke } from "../cloud.js";
import { Model, newestOnly } from "../model.js";
import { action, inBrackets, numbers, picture, slider, told } from "../parts.js";
import { ready } from "../canvas.js";

const PICTURES = 11;
const STEPS = 100; // of the slider
const [LEFT, RIGHT, TOP, BOTTOM] = [34, 10, 10, 22]; // of the chart, in pixels
const COLOURS = ["#e76300", "#3f90da"];

export class Scene {
  constructor(root, data) {
    Object.assign(this, { root, data, ends: [...data.ends], t: 0.5, lengths: null });
    this.model = new Model(data.model);
    this.show = newestOnly(() => this.decode());
    this.film = newestOnly(() => this.paintStrips());
  }

  async open() {
    await this.model.open();
    const buttons = add(this.root, "div", "le-buttons");
    action(buttons, tr("Another A"), () => this.choose(this.anyBut(this.ends[0]), this.ends[1]), "le-main");
    action(buttons, tr("Another B"), () => this.choose(this.ends[0], this.anyBut(this.ends[1])), "le-main");
    action(buttons, tr("Exchange A and B"), () => this.choose(this.ends[1], this.ends[0]));
    const { shape } = this.model;
    const names = [tr("Straight line"), tr("Slerp, on the sphere")];
    const row = add(this.root, "div", "le-row");
    this.ways = ["linear", "spherical"].map((way, k) => {
      const column = add(row, "div", "le-grow");
      add(column, "h4").textContent = names[k];
      const strip = add(column, "canvas", "le-wide");
      strip.dataset.testid = `strip-${way}`;
      strip.setAttribute("role", "img");
      strip.setAttribute("aria-label", tr("{name}: {count} pictures from A to B", { name: names[k], count: PICTURES }));
      return { strip, decoded: picture(column, shape, `decoded-${way}`) };
    });
    this.slider = slider(this.root, "t", { min: 0, max: 1, step: 1 / STEPS, value: this.t }, (t) => {
      this.t = t;
      this.tell();
      this.show();
    });
    this.wait = add(this.root, "p", "le-wait");
    this.wait.textContent = tr("How long z is on the way is shown once you have predicted it.");
    this.below = add(this.root, "div", "le-row");
    this.chart = add(add(this.below, "div", "le-grow"), "canvas", "le-lengths");
    this.chart.dataset.testid = "chart";
    this.chart.setAttribute("role", "img");
    this.numbers = numbers(add(this.below, "div", "le-grow"));
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.chart);
    this.update(this.data);
    await this.choose(...this.ends);
  }

  update(data) {
    this.below.hidden = !data.is_revealed;
    this.wait.hidden = data.is_revealed;
    this.draw();
  }

  anyBut(now) {
    const { count } = this.model.samples;
    return (now + 1 + Math.floor(Math.random() * (count - 1))) % count;
  }

  async choose(a, b) {
    Object.assign(this, { ends: [a, b], lengths: null });
    const [first, last] = this.ends.map((n) => this.model.code(n));
    Object.assign(this, { a: first, b: last, walked: [line(first, last, STEPS), slerp(first, last, STEPS)] });
    this.tell();
    this.show();
    await this.film();
  }

  at(way) {
    return this.walked[way][Math.round(this.t * STEPS)];
  }

  async decode() {
    if (this.isClosed) return;
    const pictures = [];
    for (const way of [0, 1]) pictures.push([this.at(way), await this.model.decode(this.at(way))]);
    if (this.isClosed) return;
    pictures.forEach(([, values], way) => this.ways[way].decoded.paint(values));
  }

  async paintStrips() {
    const { walked, a, b, model } = this;
    for (let k = 0; k < PICTURES; k += 1) {
      for (const way of [0, 1]) {
        if (this.isClosed || walked !== this.walked) return;
        paintCell(this.ways[way].strip, await model.decode(walked[way][(k * STEPS) / (PICTURES - 1)]), model.shape, k, PICTURES);
      }
    }
    if (this.isClosed || walked !== this.walked) return;
    const { linear, spherical } = await nearbyWays(a, b, model.decode);
    if (this.isClosed || walked !== this.walked) return;
    this.lengths = [linear.length, spherical.length];
    this.tell();
  }

  tell() {
    const { a, b, t } = this;
    const [la, lb] = [Math.hypot(...a), Math.hypot(...b)];
    const cosine = Math.min(Math.max(a.reduce((sum, value, i) => sum + value * b[i], 0) / (la * lb), -1), 1);
    const angle = Math.acos(cosine);
    const half = Math.hypot(...a.map((value, i) => (value + b[i]) / 2));
    const now = [0, 1].map((way) => Math.hypot(...this.at(way)));
    this.slider.say(told(t));
    this.ways.forEach(({ decoded }) => decoded.say(`t = ${told(t)}`));
    const { codes, prior } = this.data.bands;
    const share = Math.sin(angle) > 1e-4 ? [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)] : [1 - t, t];
    this.numbers.tell([
      ["‖A‖, ‖B‖, θ", `${told(la)}, ${told(lb)}, ${told((angle * 180) / Math.PI, 1)}°`],
      ["‖½ (A + B)‖", `½ √(${told(la)}² + ${told(lb)}² + 2 · ${told(la)} · ${told(lb)} · ${inBrackets(cosine, 3)}) = ${told(half)}`],
      [tr("line, t = {t}", { t: told(t) }), `z = ${told(1 - t)} A + ${told(t)} B, ‖z‖ = ${told(now[0])}`],
      [tr("slerp, t = {t}", { t: told(t) }), `z = ${told(share[0])} A + ${told(share[1])} B, ‖z‖ = ${told(now[1])}`],
      [tr("95 % of codes"), tr("{low} to {high} long; of draws from N(0, I) {prior_low} to {prior_high}", { low: told(codes[0]), high: told(codes[1]), prior_low: told(prior[0]), prior_high: told(prior[1]) })],
      [tr("change of the picture"), this.lengths ? tr("{line} in all on the line, {slerp} on the sphere", { line: told(this.lengths[0], 1), slerp: told(this.lengths[1], 1) }) : "…"],
    ]);
    const words = { line: told(now[0]), slerp: told(now[1]), t: told(t) };
    this.chart.setAttribute("aria-label", tr("Length of z from A to B: at t = {t} it is {line} on the line and {slerp} on the sphere.", words));
    this.draw();
  }

  /** ‖z(t)‖ on both ways, over the band in which most codes lie. */
  draw() {
    const { walked } = this;
    const drawn = walked && ready(this.chart);
    if (!drawn) return;
    const { context, width, height, style } = drawn;
    const lengths = walked.map((way) => way.map((z) => Math.hypot(...z)));
    const { codes, prior } = this.data.bands;
    const most = Math.ceil(Math.max(prior[1], ...lengths.flat()) + 0.3);
    const x = (t) => LEFT + t * (width - LEFT - RIGHT);
    const y = (length) => height - BOTTOM - (length / most) * (height - TOP - BOTTOM);
    context.font = `11px ${style.fontFamily}`;
    context.fillStyle = style.getPropertyValue("--st-secondary-background-color") || "#eee";
    context.fillRect(x(0), y(codes[1]), x(1) - x(0), y(codes[0]) - y(codes[1]));
    context.fillStyle = style.color;
    context.strokeStyle = style.getPropertyValue("--st-border-color") || "#ddd";
    for (let length = 0; length <= most; length += 1) {
      stroke(context, [x(0), y(length)], [x(1), y(length)]);
      context.fillText(String(length), LEFT - 14, y(length) + 4);
    }
    for (const t of [0, 0.5, 1]) context.fillText(String(t), x(t) - (t === 1 ? 6 : 3), height - 6);
    context.fillText("‖z‖", 2, TOP + 2);
    context.fillText(tr("95 % of codes"), x(0) + 6, y(codes[1]) + 13);
    context.setLineDash([2, 3]);
    context.strokeStyle = style.color;
    stroke(context, [x(this.t), TOP], [x(this.t), height - BOTTOM]);
    const names = [tr("line"), tr("slerp")];
    lengths.forEach((way, k) => {
      context.setLineDash(k === 0 ? [] : [7, 4]);
      Object.assign(context, { strokeStyle: COLOURS[k], lineWidth: 2.5 });
      stroke(context, ...way.map((length, n) => [x(n / STEPS), y(length)]));
      const middle = way[STEPS / 4];
      context.fillText(names[k], x(0.25) + 4, y(middle) + (k === 0 ? 18 : -8));
    });
    context.setLineDash([]);
    context.lineWidth = 1;
  }

  close() {
    this.isClosed = true;
    this.resizing?.disconnect();
    this.model.close();
  }
}
