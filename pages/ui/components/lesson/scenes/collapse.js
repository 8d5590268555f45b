// Latents that tell nothing: sliders, KL and variance of each, for a model that is chosen.

import { add } from "../../latent_pad/elements.js";
import { Latest } from "../../latent_pad/latest.js";
import { tr } from "../../words.js";
import { Model } from "../model.js";
import { action, bars, choice, numbers, picture, slider, told } from "../parts.js";

const REACH = 3;

export class Scene {
  constructor(root, data) {
    Object.assign(this, { root, data, at: data.begins_with, example: data.example, newest: new Latest() });
    this.models = data.models.map(({ model }) => new Model(model));
  }

  get model() {
    return this.models[this.at];
  }

  async open() {
    const { models, root, data } = this;
    await Promise.all(models.map((model, k) => model.open({ pictures: k === 0 })));
    const names = data.models.map(({ name }) => name);
    this.choice = choice(root, tr("Model"), names, (k) => this.choose(k));
    const row = add(root, "div", "le-row");
    this.original = picture(row, this.model.shape, "original");
    this.decoded = picture(row, this.model.shape, "decoded");
    const middle = add(row, "div", "le-grow");
    const buttons = add(middle, "div", "le-buttons");
    action(buttons, tr("Back to the code of the picture"), () => this.begin());
    action(buttons, tr("Another picture"), () => {
      this.example = Math.floor(Math.random() * this.model.samples.count);
      this.begin();
    });
    this.sliders = Array.from({ length: this.model.latents }, (_, i) =>
      slider(middle, `z${i + 1}`, { min: -REACH, max: REACH, step: 0.01, value: 0 }, (value) => {
        this.z[i] = value;
        this.decode();
      }),
    );
    const right = add(row, "div", "le-grow");
    add(right, "h4").textContent = tr("KL of each latent");
    this.bars = bars(
      right,
      this.sliders.map((_, i) => `z${i + 1}`),
      ` ${tr("nats")}`,
    );
    this.numbers = numbers(right);
    this.hidden = [this.choice.group, middle, right];
    this.choose(this.at);
  }

  /** Before the prediction was made nothing gives it away. */
  update({ is_revealed }) {
    for (const part of this.hidden) part.hidden = !is_revealed;
  }

  choose(k) {
    this.at = k;
    this.choice.choose(k);
    const { kl, variance, reconstruction_loss: loss } = this.data.models[k];
    const whole = kl.reduce((sum, value) => sum + value, 0);
    const active = variance.filter((value) => value > this.data.active_variance).length;
    this.bars.tell(kl, Math.max(...this.data.models.flatMap((one) => one.kl)), 3);
    this.sliders.forEach(({ row }, i) => row.classList.toggle("le-off", variance[i] <= this.data.active_variance));
    this.numbers.tell([
      [tr("active"), tr("{active} of {all}", { active, all: variance.length })],
      ["−ELBO", `${told(loss)} + ${told(whole)} = ${told(loss + whole)} ${tr("nats")}`],
      [tr("variances"), variance.map((value) => told(value, 3)).join(" · ")],
    ]);
    this.begin();
  }

  /** At the code of the picture. */
  begin() {
    this.z = this.model.code(this.example);
    this.original.paint(this.models[0].picture(this.example));
    this.original.say(tr("The picture x, number {number}", { number: this.example + 1 }));
    this.decode();
  }

  async decode() {
    this.sliders.forEach(({ input, say }, i) => {
      input.value = this.z[i];
      say(told(this.z[i]));
    });
    const isNewest = this.newest.begin();
    const values = await this.model.decode(this.z);
    if (!isNewest()) return;
    this.decoded.paint(values);
    this.decoded.say(tr("Decoded from the eight sliders"));
  }

  close() {
    for (const model of this.models) model.close();
  }
}
