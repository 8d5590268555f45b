// β to slide: reconstruction loss + β · KL, reckoned here.

import { add, button } from "../latent_pad/elements.js";
import { tr } from "../words.js";
import { bar } from "./bars.js";
import { nats, written } from "./words.js";

const LEAST_TOP = 10;
const LARGEST = 10_000;
const STEPS = 1000;

export class Balance {
  constructor(parent, weight, hasMore) {
    this.weight = weight;
    this.top = Math.max(LEAST_TOP, 2 * (weight ?? 1));
    const row = add(parent, "div", "el-beta");
    const label = add(row, "label");
    label.textContent = "β";
    const way = add(row, "div", "el-way");
    this.slider = Object.assign(add(way, "input"), { type: "range", min: 0, max: this.top, step: this.top / STEPS });
    this.slider.setAttribute("aria-label", "β");
    if (weight !== null) {
      const mark = add(way, "div", "el-mark");
      mark.style.left = `calc(8px + (100% - 16px) * ${weight / this.top})`;
      mark.title = tr("Trained with {weight}", { weight });
    }
    this.typed = Object.assign(add(row, "input"), { type: "number", min: 0, max: LARGEST, step: "any" });
    this.typed.setAttribute("aria-label", tr("{name}, typed", { name: "β" }));
    const rounded = weight === null || written(weight, 0) === String(weight) ? weight : written(weight, 2);
    if (weight !== null) button(row, tr("Trained with {weight}", { weight: rounded }), tr("β as this model was trained with it")).addEventListener("click", () => this.set(weight));
    this.slider.addEventListener("input", () => this.set(this.slider.valueAsNumber));
    this.typed.addEventListener("change", () => this.set(this.typed.valueAsNumber));
    this.chart = add(parent, "table", "el-bars el-waterfall");
    this.told = add(parent, "p", "el-note");
    this.aside = hasMore;
    this.beta = weight ?? 1;
  }

  show(reconstruction, kl) {
    Object.assign(this, { reconstruction, kl });
    this.set(this.beta);
  }

  set(beta) {
    if (Number.isFinite(beta)) this.beta = Math.min(Math.max(beta, 0), LARGEST);
    const { reconstruction, kl, chart } = this;
    this.slider.valueAsNumber = this.beta;
    this.slider.setAttribute("aria-valuetext", written(this.beta, 2));
    this.typed.value = String(Math.round(this.beta * 100) / 100);
    const weighted = this.beta * kl;
    const total = reconstruction + weighted;
    const ends = [0, reconstruction, total, reconstruction + this.top * kl];
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    chart.replaceChildren();
    const body = add(chart, "tbody");
    this.row(body, tr("reconstruction loss"), [0, reconstruction, low, high, "el-reconstruction-bar"], reconstruction);
    const track = this.row(body, tr("+ β · KL"), [reconstruction, total, low, high, "el-kl-bar"], weighted);
    if (this.weight !== null) bar(track, reconstruction + this.weight * kl, reconstruction + this.weight * kl, low, high, "el-trained").title = tr("as trained");
    this.row(body, tr("= total(β)"), [0, total, low, high, "el-total-bar"], total);
    this.told.textContent = [this.aside, this.turningPoint(reconstruction, kl)].filter(Boolean).join(" ");
  }

  row(body, name, place, value) {
    const row = add(body, "tr");
    Object.assign(add(row, "th"), { scope: "row", textContent: name });
    const track = add(add(row, "td", "el-track"), "div");
    bar(track, ...place);
    Object.assign(add(add(row, "td", "el-number"), "data"), { value, textContent: nats(value) });
    return track;
  }

  turningPoint(reconstruction, kl) {
    if (!(kl > 0 && reconstruction > 0)) return "";
    return tr("From β = {beta} on the KL weighs more than the reconstruction loss.", { beta: written(reconstruction / kl, 1) });
  }
}
