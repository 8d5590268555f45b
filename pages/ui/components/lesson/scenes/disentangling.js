// Disentanglement: the latents of two models, two of which can be turned against each other.

import { add } from "../../latent_pad/elements.js";
import { Latest } from "../../latent_pad/latest.js";
import { paintCell } from "../../latent_pad/picture.js";
import { tr } from "../../words.js";
import { Gap } from "../gap.js";
import { Model, kl } from "../model.js";
import { action, choice, inBrackets, numbers, picture, slider, told } from "../parts.js";

const CELLS = 9;
const FURTHEST = 2;
const MOST_DEGREES = 90;
const QUARTER_TURN = 15;

export class Scene {
  constructor(root, data) {
    Object.assign(this, { root, data, number: 0, degrees: 0, example: data.example, newest: new Latest() });
    this.models = data.models.map(({ model }) => new Model(model));
    this.pairs = data.models.map(({ pair }) => [...pair]);
  }

  async open() {
    const { data, root } = this;
    await Promise.all(this.models.map((model) => model.open()));
    const factors = Uint8Array.from(atob(data.factors), (letter) => letter.charCodeAt(0));
    this.gaps = this.models.map((model, k) => new Gap(model.samples.means, model.latents, data.models[k].active, factors, data.factor_count));
    this.names = [tr("β-TCVAE"), tr("Plain VAE")];
    this.which = choice(root, tr("Model"), this.names, (k) => this.choose(k));
    const row = add(root, "div", "le-row");
    this.decoded = picture(row, this.models[0].shape, "decoded");
    const right = add(row, "div", "le-grow");
    this.moving = add(right, "div", "le-sliders");
    const buttons = add(right, "div", "le-buttons");
    action(buttons, tr("Another picture"), () => this.take(Math.floor(Math.random() * this.model.samples.count)));
    action(buttons, tr("To the middle"), () => this.put(this.z.map(() => 0)));
    this.wait = add(root, "p", "le-wait");
    this.wait.textContent = tr("Predict first: then two latents can be turned.");
    this.turning = add(root, "div", "le-row");
    this.openTurning();
    this.choose(0);
  }

  openTurning() {
    const left = add(this.turning, "div", "le-grow");
    const row = add(left, "div", "le-buttons");
    this.selects = [tr("Turn"), tr("against")].map((name, side) => select(row, name, (latent) => this.pair(side, latent)));
    const turns = { min: 0, max: MOST_DEGREES, step: 1, value: 0 };
    this.angle = slider(left, tr("Angle"), turns, (degrees) => {
      this.degrees = degrees;
      this.show();
    });
    const stops = add(left, "div", "le-buttons");
    for (const degrees of [0, 3 * QUARTER_TURN, 6 * QUARTER_TURN]) action(stops, `${degrees}°`, () => this.turn(degrees));
    this.strips = ["u", "v"].map((name) => {
      const figure = add(left, "figure", "le-strip");
      const canvas = add(figure, "canvas");
      canvas.dataset.testid = `strip-${name}`;
      canvas.setAttribute("role", "img");
      return { canvas, caption: add(figure, "figcaption") };
    });
    this.numbers = numbers(add(this.turning, "div", "le-grow"));
  }

  update(data) {
    this.isRevealed = data.is_revealed;
    this.turning.hidden = !data.is_revealed;
    this.wait.hidden = data.is_revealed;
    this.show();
  }

  get model() {
    return this.models[this.number];
  }

  /** Model number k, at the code of the same picture. */
  choose(k) {
    this.number = k;
    this.which.choose(k);
    const { latents, data } = this.model;
    this.moving.replaceChildren();
    this.sliders = Array.from({ length: latents }, (_, i) => {
      const [min, max] = data.ranges[i];
      const made = slider(this.moving, `z${i + 1}`, { min, max, step: 0.01, value: 0 }, (value) => {
        this.z[i] = value;
        this.show();
      });
      made.input.dataset.testid = `z${i + 1}`;
      made.row.classList.toggle("le-off", data.collapsed.includes(i));
      if (data.collapsed.includes(i)) made.row.title = tr("Collapsed: the decoder makes nothing of it");
      return made;
    });
    this.offer();
    this.take(this.example);
  }

  /** The latents that can be turned: what is turned already on one side is not offered on the other. */
  offer() {
    const pair = this.pairs[this.number];
    this.selects.forEach((select, side) => {
      const others = this.data.models[this.number].active.filter((i) => i !== pair[1 - side]);
      select.replaceChildren(...others.map((i) => new Option(`z${i + 1}`, i, false, i === pair[side])));
    });
  }

  pair(side, latent) {
    this.pairs[this.number][side] = latent;
    this.offer();
    this.show();
  }

  turn(degrees) {
    this.degrees = degrees;
    this.angle.input.value = degrees;
    this.show();
  }

  take(n) {
    this.example = n;
    this.put(this.model.code(n));
  }

  put(z) {
    this.z = [...z];
    this.sliders.forEach(({ input }, i) => (input.value = z[i]));
    this.show();
  }

  /** Turned by R: u and v stand in place of the two latents. */
  turned(z) {
    const [[a, b], t] = [this.pairs[this.number], (this.degrees * Math.PI) / 180];
    const turned = [...z];
    turned[a] = z[a] * Math.cos(t) - z[b] * Math.sin(t);
    turned[b] = z[a] * Math.sin(t) + z[b] * Math.cos(t);
    return turned;
  }

  /** Turned back, as the turned decoder does first. */
  turnedBack(turned) {
    const [[a, b], t] = [this.pairs[this.number], (this.degrees * Math.PI) / 180];
    const z = [...turned];
    z[a] = turned[a] * Math.cos(t) + turned[b] * Math.sin(t);
    z[b] = -turned[a] * Math.sin(t) + turned[b] * Math.cos(t);
    return z;
  }

  async show() {
    const { model, degrees } = this;
    const [a, b] = this.pairs[this.number];
    this.sliders.forEach(({ say }, i) => say(told(this.z[i])));
    this.angle.say(`${degrees}°`);
    this.tell();
    const isNewest = this.newest.begin();
    const values = await model.decode(this.z);
    if (!isNewest()) return;
    this.decoded.paint(values);
    this.decoded.say(this.isRevealed ? tr("Decoded from z: by the turned model too, to the pixel") : tr("Decoded from z"));
    const names = [`u = z${a + 1} cos ${degrees}° − z${b + 1} sin ${degrees}°`, `v = z${a + 1} sin ${degrees}° + z${b + 1} cos ${degrees}°`];
    const turned = this.turned(this.z);
    for (const [side, latent] of [a, b].entries()) {
      const { canvas, caption } = this.strips[side];
      caption.textContent = tr("{axis}, from {low} to {high}", { axis: names[side], low: told(-FURTHEST, 0), high: told(FURTHEST, 0) });
      canvas.setAttribute("aria-label", caption.textContent);
      for (let cell = 0; cell < CELLS; cell += 1) {
        const moved = [...turned];
        moved[latent] = FURTHEST * ((2 * cell) / (CELLS - 1) - 1);
        const values = await model.decode(this.turnedBack(moved));
        if (!isNewest()) return;
        paintCell(canvas, values, model.shape, cell, CELLS);
      }
    }
  }

  tell() {
    const { model, number, data, degrees } = this;
    const [a, b] = this.pairs[number];
    const [z, turned] = [this.z, this.turned(this.z)];
    const { latents } = model;
    const part = (i) => inBrackets(z[i]);
    const logDensity = (at) => -square(at) / 2 - (latents / 2) * Math.log(2 * Math.PI);
    const density = (at) => `−½ · ${told(square(at), 3)} − ${latents}/2 · log 2π = ${told(logDensity(at), 3)}`;
    const mig = this.gaps[number].turned(a, b, (degrees * Math.PI) / 180);
    this.numbers.tell([
      ["u", `${told(z[a])} · cos ${degrees}° − ${part(b)} · sin ${degrees}° = ${told(turned[a])}`],
      ["v", `${told(z[a])} · sin ${degrees}° + ${part(b)} · cos ${degrees}° = ${told(turned[b])}`],
      ["log p(z)", density(z)],
      ["log p(Rz)", density(turned)],
      ["KL(q(z | x), p(z))", tr("{before} nats, turned {after} nats", { before: told(this.before(), 3), after: told(this.after(), 3) })],
      ["MIG", tr("{before}, turned {after}", { before: told(data.models[number].mig, 3), after: told(mig, 3) })],
      [tr("MIG of both"), this.names.map((name, k) => `${name} ${told(data.models[k].mig, 3)}`).join(" · ")],
    ]);
  }

  /** KL to N(0, I) of the posterior of the picture that was taken last. */
  before() {
    return kl(this.model.code(this.example), this.model.std(this.example)).reduce((sum, part) => sum + part, 0);
  }

  /** The same of the turned posterior, whose covariance RΣRᵀ is not diagonal: (tr RΣRᵀ + |Rμ|² − L − log det RΣRᵀ) / 2. */
  after() {
    const [a, b] = this.pairs[this.number];
    const variance = this.model.std(this.example).map((std) => std ** 2);
    const [c, s] = [Math.cos((this.degrees * Math.PI) / 180), Math.sin((this.degrees * Math.PI) / 180)];
    const across = c * c * variance[a] + s * s * variance[b];
    const up = s * s * variance[a] + c * c * variance[b];
    const both = c * s * (variance[a] - variance[b]);
    const others = variance.filter((_, i) => i !== a && i !== b);
    const trace = across + up + others.reduce((sum, value) => sum + value, 0);
    const logDeterminant = Math.log(across * up - both * both) + others.reduce((sum, value) => sum + Math.log(value), 0);
    return (trace + square(this.turned(this.model.code(this.example))) - variance.length - logDeterminant) / 2;
  }

  close() {
    this.newest.stop();
    this.models.forEach((model) => model.close());
  }
}

function square(z) {
  return z.reduce((sum, value) => sum + value * value, 0);
}

/** A menu of latents after its name. */
function select(parent, name, onChoose) {
  const label = add(parent, "label", "le-select");
  add(label, "span").textContent = name;
  const made = add(label, "select");
  made.setAttribute("aria-label", name);
  made.addEventListener("change", () => onChoose(Number(made.value)));
  return made;
}
