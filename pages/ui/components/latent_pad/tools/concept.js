// One concept: its slider, what it does in pictures, and how far it can be trusted.

import { add, button } from "../elements.js";
import { Latest } from "../latest.js";
import { paintCell } from "../picture.js";
import { tr } from "../../words.js";

const MOST = 2; // times the difference of the groups, either way
const CELLS = 9;
const COLOUR = "#b0307a";

export class Concept {
  /** `told` is what the server says of it; `onMove(event)` while its slider moves, `onRelease()`, `onRemove()`. */
  constructor(parent, pad, told, { onMove, onRelease, onRemove }) {
    Object.assign(this, { pad, told, vector: told.vector });
    this.row = add(parent, "section", "lp-way");
    this.row.dataset.concept = told.name;
    const head = add(this.row, "div", "lp-way-head");
    const heading = add(head, "strong");
    heading.textContent = told.name;
    heading.style.borderColor = COLOUR;
    this.times = add(head, "span");
    const remove = button(head, tr("Delete"), tr("Forget “{name}”", { name: told.name }));
    remove.setAttribute("aria-label", tr("Delete {name}", { name: told.name }));
    remove.addEventListener("click", onRemove);
    remove.hidden = pad.data.is_alone;
    if (!pad.data.columns) this.strip = new ConceptStrip(this.row, pad, this);
    this.slider = add(this.row, "input");
    Object.assign(this.slider, { type: "range", min: -MOST, max: MOST, step: 0.02, value: 0 });
    this.slider.setAttribute("aria-label", tr("Add {name}", { name: told.name }));
    this.slider.addEventListener("input", (event) => {
      this.tell();
      onMove(event);
    });
    this.slider.addEventListener("change", onRelease);
    const figures = add(this.row, "p", "lp-figures");
    const { cone, p_value: p, sizes, chance } = told;
    const sure = p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
    const [having, lacking] = sizes.map((size) => size.toLocaleString("en"));
    figures.textContent = tr("{having} with, {lacking} without · direction known to ±{angle}° · {p}", { having, lacking, angle: cone.toFixed(cone < 10 ? 1 : 0), p: sure });
    figures.title = tr("95 % confidence by 1,000 bootstrap resamples; p: how often groups that do not differ would differ so much");
    this.others = add(this.row, "p", "lp-figures");
    this.others.title = tr("A random direction of so many dimensions has |cos| below {chance} 95 % of the time", { chance: chance.toFixed(2) });
    const warnings = [told.warning, told.is_current ? "" : tr("The model was trained on since: its codes lie elsewhere now. Make the concept anew.")].filter(Boolean);
    if (warnings.length) add(this.row, "p", "lp-warning").textContent = warnings.join(" ");
    this.tell();
  }

  /** How many times it is added. */
  get amount() {
    return this.slider.valueAsNumber;
  }

  zero() {
    this.slider.valueAsNumber = 0;
    this.tell();
  }

  tell() {
    const words = this.amount === 0 ? tr("not added") : tr("{amount} times", { amount: signed(this.amount) });
    this.times.textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
  }

  /** Say how it lies to the other concepts, beside what chance would give. */
  compare(concepts) {
    const { chance } = this.told;
    const told = concepts.filter((one) => one !== this).map((one) => [one.told.name, cosine(this.vector, one.vector)]);
    const nearest = told.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 4);
    const words = nearest.map(([name, cos]) => tr("{cos} with “{name}”", { cos: signed(cos), name }));
    const by = this.vector.length > 1 ? tr("by chance |cos| < {chance}", { chance: chance.toFixed(2) }) : tr("one latent has one direction");
    this.others.textContent = words.length ? `cos ${words.join(", ")} · ${by}` : by;
  }

  line(base, plane) {
    const end = base.map((value, i) => value + this.amount * this.vector[i]);
    return { colour: COLOUR, points: [plane.project(base), plane.project(end)] };
  }

  close() {
    this.strip?.stop();
    this.row.remove();
  }
}

/** What a concept does to the point, from −2 to +2 times. */
class ConceptStrip {
  constructor(parent, pad, concept) {
    Object.assign(this, { pad, concept, latest: new Latest() });
    this.canvas = add(parent, "canvas", "lp-strip");
    this.canvas.style.aspectRatio = `${CELLS * pad.data.shape[2]} / ${pad.data.shape[1]}`;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", tr("{name}, from {least} to {most} times", { name: concept.told.name, least: -MOST, most: MOST }));
  }

  /** Around a base to which this concept is not yet added. */
  async show(base) {
    const place = [...base, this.pad.labels.index].join();
    if (place === this.shown || !this.pad.decoder) return;
    const isLatest = this.latest.begin();
    this.shown = null; // half painted
    const { pad, concept } = this;
    for (let k = 0; k < CELLS; k += 1) {
      const amount = MOST * ((2 * k) / (CELLS - 1) - 1);
      const values = await pad.decode(base.map((value, i) => value + amount * concept.vector[i]));
      if (!isLatest()) return;
      paintCell(this.canvas, values, pad.data.shape, k, CELLS);
    }
    this.shown = place;
  }

  stop() {
    this.latest.stop();
  }
}

/** Of the angle between two vectors; 0 if one has no length. */
export function cosine(a, b) {
  const lengths = Math.hypot(...a) * Math.hypot(...b);
  return lengths > 0 ? a.reduce((sum, value, i) => sum + value * b[i], 0) / lengths : 0;
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}
