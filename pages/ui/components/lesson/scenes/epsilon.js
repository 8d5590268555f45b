// The reparameterisation trick: one picture's posterior, ε to roll or to drag, and z = μ + σ ε decoded at once.

import { add } from "../../latent_pad/elements.js";
import { Latest } from "../../latent_pad/latest.js";
import { tr } from "../../words.js";
import { Cloud, dot } from "../cloud.js";
import { Model, normal } from "../model.js";
import { action, inBrackets, numbers, picture, slider, told } from "../parts.js";

const FURTHEST = 3;
const ROLLS = 200;
const STD_IN_SIGHT = 7;
const NUDGE = 0.1;

export class Scene {
  constructor(root, data) {
    Object.assign(this, { root, data, example: data.example, epsilon: [0, 0], nudge: 0, rolled: [], newest: new Latest() });
    this.model = new Model(data.model);
  }

  async open() {
    await this.model.open({ pictures: true });
    const row = add(this.root, "div", "le-row");
    this.original = picture(row, this.model.shape, "original");
    this.decoded = picture(row, this.model.shape, "decoded");
    const middle = add(row, "div", "le-grow");
    this.cloud = new Cloud(middle, "posterior", { label: tr("The posterior of this picture, with the values of z that were rolled.") });
    this.cloud.drawOver = (context, style) => this.drawOver(context, style);
    const right = add(row, "div", "le-grow");
    const buttons = add(right, "div", "le-buttons");
    action(buttons, tr("Roll ε"), () => this.roll(), "le-main");
    action(buttons, tr("Roll it {count} times", { count: ROLLS }), () => this.rollMany());
    action(buttons, tr("Another picture"), () => this.choose(Math.floor(Math.random() * this.model.samples.count)));
    this.sliders = [0, 1].map((i) =>
      slider(right, `ε${i + 1}`, { min: -FURTHEST, max: FURTHEST, step: 0.01, value: 0 }, (value) => {
        this.epsilon[i] = value;
        this.show();
      }),
    );
    this.nudged = slider(right, "μ1 +", { min: 0, max: NUDGE, step: 0.01, value: 0 }, (value) => {
      this.nudge = value;
      this.show();
    });
    this.nudged.row.title = tr("Move the mean a little while ε stays as it is");
    this.numbers = numbers(right);
    this.choose(this.example);
  }

  update(data) {
    this.nudged.row.hidden = !data.is_revealed; // it gives the answer away
  }

  choose(n) {
    Object.assign(this, { example: n, rolled: [], mean: this.model.code(n), std: this.model.std(n) });
    const [u, v] = this.mean;
    const half = STD_IN_SIGHT * Math.max(...this.std);
    this.original.paint(this.model.picture(n));
    this.original.say(tr("The picture x, number {number}", { number: n + 1 }));
    this.cloud.show([], [], [u - half, u + half, v - half, v + half]);
    this.show();
  }

  roll() {
    this.epsilon = [normal(), normal()];
    this.rolled.push(this.z());
    this.show();
  }

  rollMany() {
    this.rolled = Array.from({ length: ROLLS }, () => this.mean.map((value, i) => value + this.std[i] * normal()));
    this.show();
  }

  z() {
    return this.mean.map((value, i) => value + (i === 0 ? this.nudge : 0) + this.std[i] * this.epsilon[i]);
  }

  async show() {
    const z = this.z();
    this.sliders.forEach(({ input, say }, i) => {
      input.value = this.epsilon[i];
      say(told(this.epsilon[i]));
    });
    this.nudged.say(told(this.nudge));
    this.cloud.draw();
    this.numbers.tell([
      ...z.map((value, i) => [
        `z${i + 1}`,
        `μ${i + 1} + σ${i + 1} · ε${i + 1} = ${told(this.mean[i] + (i === 0 ? this.nudge : 0), 3)} + ${told(this.std[i], 3)} · ${inBrackets(this.epsilon[i])} = ${told(value, 3)}`,
      ]),
      ["∂z1/∂μ1", "1"],
      ["∂z1/∂σ1", `ε1 = ${told(this.epsilon[0])}`],
    ]);
    const isNewest = this.newest.begin();
    const values = await this.model.decode(z);
    if (!isNewest()) return;
    this.decoded.paint(values);
    this.decoded.say(tr("Decoded from z = ({first}, {second})", { first: told(z[0]), second: told(z[1]) }));
  }

  drawOver(context, style) {
    const { cloud, mean, std } = this;
    if (!mean) return;
    const [u, v] = [mean[0] + this.nudge, mean[1]];
    context.strokeStyle = style.color;
    for (const times of [1, 2]) {
      context.beginPath();
      context.ellipse(cloud.x(u), cloud.y(v), times * std[0] * cloud.scale, times * std[1] * cloud.scale, 0, 0, 2 * Math.PI);
      context.stroke();
    }
    context.fillStyle = style.color;
    context.fillText("μ", cloud.x(u) + 4, cloud.y(v) - 4);
    context.fillRect(cloud.x(u) - 2, cloud.y(v) - 2, 4, 4);
    context.globalAlpha = 0.5;
    for (const [a, b] of this.rolled) context.fillRect(cloud.x(a) - 1.5, cloud.y(b) - 1.5, 3, 3);
    context.globalAlpha = 1;
    const [a, b] = this.z();
    dot(context, cloud.x(a), cloud.y(b), 7, style.getPropertyValue("--st-primary-color") || "#3b6fd4");
  }

  close() {
    this.cloud?.close();
    this.model.close();
  }
}
