// The two terms of the ELBO: β to drag over models that were really trained, with their maps and what they cost.

import { add } from "../../latent_pad/elements.js";
import { Latest } from "../../latent_pad/latest.js";
import { tr } from "../../words.js";
import { Chart } from "../chart.js";
import { Cloud } from "../cloud.js";
import { Model } from "../model.js";
import { numbers, picture, slider, told } from "../parts.js";
import { Sheet } from "../sheet.js";

const IN_SIGHT = [-4.5, 4.5, -4.5, 4.5];
const CELLS = 11;

export class Scene {
  constructor(root, data) {
    Object.assign(this, { root, data, at: data.begins_with, place: [0, 0], newest: new Latest() });
    this.models = data.models.map(({ model }) => new Model(model));
  }

  get model() {
    return this.models[this.at];
  }

  async open() {
    const { models, root, data } = this;
    await Promise.all(models.map((model) => model.open()));
    const { shape } = models[0];
    const last = data.models.length - 1;
    this.beta = slider(
      root,
      "β",
      { min: 0, max: last, step: 1, value: this.at },
      (k) => this.choose(k),
      (k) => this.root.commit({ beta: data.models[k].beta }),
    );
    const row = add(root, "div", "le-row");
    const left = add(row, "div", "le-grow");
    const move = (place) => {
      this.place = place;
      this.decode();
    };
    this.cloud = new Cloud(left, "codes", { onMove: move, label: tr("Map of the codes. Arrow keys move the point.") });
    this.cloud.drawOver = (context, style) => drawPrior(this.cloud, context, style);
    const middle = add(row, "div", "le-middle");
    this.decoded = picture(middle, shape, "decoded");
    this.sheet = new Sheet(middle, shape, CELLS, data.models[0].model.normal_quantiles, tr("What a grid over N(0, I) decodes to"));
    const right = add(row, "div", "le-grow");
    this.hidden = right;
    this.chart = new Chart(
      right,
      data.models.map(({ beta }) => String(beta)),
      [
        { name: tr("Reconstruction loss"), values: data.models.map((one) => one.reconstruction_loss) },
        { name: "KL", values: data.models.map((one) => one.kl) },
        { name: "−ELBO", values: data.models.map((one) => one.reconstruction_loss + one.kl) },
      ],
      tr("Nats a picture kept aside, by β"),
    );
    this.numbers = numbers(right);
    this.cloud.put(this.place);
    await this.choose(this.at);
  }

  /** Before the prediction was made only one model is there. */
  update({ is_revealed }) {
    this.beta.row.hidden = !is_revealed;
    this.hidden.hidden = !is_revealed;
    if (is_revealed) this.chart.draw();
  }

  async choose(k) {
    this.at = k;
    const { beta, reconstruction_loss: loss, kl } = this.data.models[k];
    this.beta.say(`β = ${beta}`);
    const { means, labels } = this.model.samples;
    this.cloud.show(means, labels, IN_SIGHT);
    this.chart.mark(k);
    this.numbers.tell([
      ["−ELBO", `${told(loss)} + ${told(kl)} = ${told(loss + kl)} ${tr("nats")}`],
      [tr("loss"), `${told(loss)} + ${beta} · ${told(kl)} = ${told(loss + beta * kl)}`],
    ]);
    await Promise.all([this.decode(), this.sheet.show(this.model)]);
  }

  async decode() {
    const isNewest = this.newest.begin();
    const values = await this.model.decode(this.place);
    if (!isNewest()) return;
    this.decoded.paint(values);
    this.decoded.say(tr("Decoded at the handle, ({first}, {second})", { first: told(this.place[0]), second: told(this.place[1]) }));
  }

  close() {
    this.cloud?.close();
    this.chart?.close();
    for (const model of this.models) model.close();
  }
}

/** N(0, I) at one and two σ. */
export function drawPrior(cloud, context, style) {
  context.strokeStyle = style.color;
  context.setLineDash([4, 4]);
  for (const radius of [1, 2]) {
    context.beginPath();
    context.arc(cloud.x(0), cloud.y(0), radius * cloud.scale, 0, 2 * Math.PI);
    context.stroke();
  }
  context.setLineDash([]);
}
