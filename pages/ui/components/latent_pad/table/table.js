// What the explorer has for tables: the decoded row as a profile against a reference, and rows of two numbers in data space.

import { Latest } from "../latest.js";
import { add, button } from "../elements.js";
import { formatLatent, parseLatent } from "../link.js";
import { tr } from "../../words.js";
import { DataSpace } from "./data_space.js";
import { byChange, describeRow, fieldsOf, isPlane, read } from "./fields.js";
import { MOST_IN_SIGHT, Profile, paintBars } from "./profile.js";

const MOST_SPOKEN = 12; // columns whose values are all told to a screen reader

export class Table {
  constructor(pad, data) {
    Object.assign(this, { pad, fields: fieldsOf(data.columns, data.probabilities), profiles: new Map(), latest: new Latest() });
  }

  /** Beneath the profile a row of buttons; beside the map, for points in the plane, the data space. */
  build(main) {
    const { pad, fields } = this;
    const bar = add(pad.output.canvas.parentElement, "div", "lp-rows-bar");
    button(bar, tr("Keep this as reference"), tr("Tell what changes against the point as it stands now")).addEventListener("click", () => this.keep());
    if (fields.length > 2) {
      this.sorting = button(bar, tr("Changed most first"), tr("Order the columns by how much they differ from the reference, whenever the point rests"));
      this.sorting.setAttribute("aria-pressed", "false");
      this.sorting.addEventListener("click", () => {
        this.sorting.setAttribute("aria-pressed", String(!this.isSorted));
        this.sort();
      });
    }
    if (fields.length > MOST_IN_SIGHT) add(bar, "span", "lp-rows-count").textContent = tr("{count} columns: scroll for the others", { count: fields.length });
    if (!isPlane(pad.data.columns)) return;
    pad.root.classList.add("lp-plane");
    this.space = new DataSpace(main, pad, fields);
  }

  get isSorted() {
    return this.sorting?.getAttribute("aria-pressed") === "true";
  }

  /** Paint a decoded row, values [D]. */
  paint = (canvas, values) => {
    if (canvas.classList.contains("lp-small")) return paintBars(canvas, this.fields, values);
    if (!this.profiles.has(canvas)) this.profiles.set(canvas, new Profile(canvas, this.fields));
    const profile = this.profiles.get(canvas);
    if (canvas !== this.pad.output.canvas) {
      profile.paint(values);
      return this.speak(canvas, values, values);
    }
    this.values = values;
    profile.paint(values, this.reference);
    this.space?.show(values);
  };

  /** The reference that the link names, else the point where one begins. */
  async recall() {
    const { pad } = this;
    if (!pad.decoder) return;
    this.space?.open();
    const text = pad.link.view.ref ?? "";
    if (text === this.told) return;
    const { latents, conditions, start, label } = pad.data;
    const given = parseLatent(text, latents + (conditions.length ? 1 : 0)) ?? start;
    await this.refer(given.slice(0, latents), given[latents] in conditions ? given[latents] : label, text);
  }

  /** From now on compare with the point as it stands; a conditional model's label is kept after the latent. */
  async keep() {
    const { pad } = this;
    if (!pad.decoder) return;
    const { index } = pad.labels;
    const text = formatLatent(index === null ? pad.point.z : [...pad.point.z, index]);
    await this.refer([...pad.point.z], index, text);
    pad.remember("ref", text);
  }

  async refer(z, label, text) {
    const { pad } = this;
    const isLatest = this.latest.begin();
    this.told = text;
    const values = await pad.decoder.decode(pad.labels.input(z, label));
    if (!isLatest() || pad.closed) return;
    this.reference = values;
    if (!this.values) return;
    this.paint(pad.output.canvas, this.values);
    this.rest();
  }

  /** The point rests: order and words take longer than dragging leaves, and would not be read meanwhile. */
  rest() {
    const { pad, values, reference } = this;
    if (values && reference) this.speak(pad.output.canvas, values, reference);
    if (this.isSorted) this.sort();
  }

  sort() {
    if (!this.values || !this.reference) return;
    const order = this.isSorted ? byChange(this.fields, this.values, this.reference) : this.fields.map((_, k) => k);
    for (const profile of this.profiles.values()) {
      profile.order = order;
      profile.repaint();
    }
  }

  speak(canvas, values, reference) {
    const { fields } = this;
    const sentences = [describeRow(fields, values, reference)];
    if (fields.length <= MOST_SPOKEN) {
      const columns = fields.map((field) => `${field.name} ${read(field, values).text}`).join("; ");
      sentences.push(tr("All columns: {columns}.", { columns }));
    }
    canvas.setAttribute("aria-label", sentences.join(" "));
  }

  /** Take the page's colours anew, after a change of theme. */
  recolour() {
    for (const profile of this.profiles.values()) profile.measure();
    this.space?.measure();
  }
}
