// What an autoencoder keeps: a drawing, squeezed through two numbers and through sixteen, live.

import { add } from "../../latent_pad/elements.js";
import { DrawingPad, rasterise } from "../../latent_pad/tools/drawing.js";
import { tr } from "../../words.js";
import { Model, newestOnly, reconstructionLoss } from "../model.js";
import { action, numbers, picture, told } from "../parts.js";

const BARRED = [
  [[0.28, 0.2], [0.72, 0.2], [0.66, 0.36], [0.58, 0.52], [0.5, 0.68], [0.44, 0.84]],
  [[0.36, 0.52], [0.7, 0.52]],
]; // prettier-ignore
const STAR = [Array.from({ length: 6 }, (_, k) => [0.5 + 0.35 * Math.sin((k * 4 * Math.PI) / 5), 0.52 - 0.35 * Math.cos((k * 4 * Math.PI) / 5)])];

export class Scene {
  constructor(root, data) {
    Object.assign(this, { root, data });
    this.models = [new Model(data.small), new Model(data.large)];
    this.show = newestOnly(() => this.encode());
  }

  async open() {
    await Promise.all(this.models.map((model) => model.open({ encoder: true })));
    const row = add(this.root, "div", "le-row");
    const left = add(row, "div", "le-pad");
    this.pad = new DrawingPad(left, this.data.small.is_dark, () => this.show());
    this.pad.canvas.dataset.testid = "pad";
    this.pad.canvas.setAttribute("aria-label", tr("Drawing pad: draw with mouse, pen or finger"));
    for (const name of ["pointerup", "pointercancel"]) this.pad.canvas.addEventListener(name, () => this.lift());
    const right = add(row, "div", "le-grow");
    const buttons = add(right, "div", "le-buttons");
    action(buttons, tr("Clear"), () => this.take([]));
    action(buttons, tr("Undo"), () => this.take(this.pad.lines.slice(0, -1)));
    action(buttons, tr("A seven with a bar"), () => this.take(BARRED));
    action(buttons, tr("A star"), () => this.take(STAR));
    const [{ shape }] = this.models;
    const pictures = add(right, "div", "le-three");
    this.seen = picture(pictures, shape, "seen", tr("x, what the encoders see"));
    this.decoded = this.models.map(({ latents }) => picture(pictures, shape, `decoded-${latents}`));
    this.wait = add(right, "p", "le-wait");
    this.wait.textContent = tr("What comes out is shown once you have predicted it.");
    this.numbers = numbers(right);
    this.update(this.data);
    this.take(BARRED, false);
    await this.show();
  }

  update(data) {
    this.decoded.forEach(({ figure }) => (figure.hidden = !data.is_revealed));
    this.numbers.box.hidden = !data.is_revealed;
    this.wait.hidden = data.is_revealed;
  }

  /** These lines are on the pad, as if drawn. */
  take(lines, isTold = true) {
    this.pad.lines = lines.map((line) => line.map((place) => [...place]));
    this.pad.changed();
    if (isTold) this.lift();
  }

  /** The pen is up: tell what the drawing costs. */
  async lift() {
    await this.show();
    if (!this.isClosed) this.root.commit(this.losses ? { loss2: this.losses[0], loss16: this.losses[1] } : {});
  }

  async encode() {
    if (this.isClosed) return;
    const { lines } = this.pad;
    const x = rasterise(lines, this.models[0].shape[1]);
    this.seen.paint(x);
    this.x = x;
    if (lines.length === 0) return this.empty();
    const means = [];
    for (const model of this.models) {
      means.push(await model.decode((await model.encode(x)).mean));
      if (this.isClosed) return;
    }
    const parts = means.map((mean) => reconstructionLoss(x, mean));
    this.losses = parts.map(({ whole }) => whole);
    means.forEach((mean, k) => {
      this.decoded[k].paint(mean);
      this.decoded[k].say(tr("Through {count} numbers: {loss} nats", { count: this.models[k].latents, loss: told(this.losses[k], 1) }));
    });
    const least = reconstructionLoss(x, x);
    this.numbers.tell([
      ...parts.map(({ ink, ground }, k) => [
        tr("{count} numbers", { count: this.models[k].latents }),
        `−Σ x log x̂ − Σ (1 − x) log (1 − x̂) = ${told(ink, 1)} + ${told(ground, 1)} = ${tr("{loss} nats", { loss: told(this.losses[k], 1) })}`,
      ]),
      [tr("difference"), tr("{loss} nats", { loss: told(this.losses[0] - this.losses[1], 1) })],
      ["x̂ = x", tr("{loss} nats, the least there is", { loss: told(least.whole, 1) })],
    ]);
  }

  /** Nothing is drawn. */
  empty() {
    this.losses = null;
    this.decoded.forEach(({ canvas, say }, k) => {
      canvas.width = canvas.width; // which clears it
      say(tr("Through {count} numbers", { count: this.models[k].latents }));
    });
    this.numbers.tell([[tr("loss"), tr("draw something first")]]);
  }

  close() {
    this.isClosed = true;
    this.models.forEach((model) => model.close());
  }
}
