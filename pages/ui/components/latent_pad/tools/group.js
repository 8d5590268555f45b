// A group of samples: all of a label, those within a lasso, or all that are not in another group.

import { add, button } from "../elements.js";
import { Latest } from "../latest.js";
import { tr, trn } from "../../words.js";
import { isInside, Lasso } from "./lasso.js";

export class Group {
  /** `title` heads it; `rest` is the group whose others it may be; `onChange()` after every choice. */
  constructor(parent, pad, title, rest, onChange) {
    Object.assign(this, { pad, title, rest, onChange, numbers: [], source: "", latest: new Latest() });
    const box = add(parent, "div", "lp-end");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", title);
    this.canvas = add(box, "canvas", "lp-small");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", tr("{group}: the mean of its codes, decoded", { group: title }));
    const right = add(box, "div", "lp-end-buttons");
    add(right, "strong").textContent = title;
    const row = add(right, "div", "lp-group-row");
    this.select = add(row, "select");
    this.select.setAttribute("aria-label", tr("{group}: samples", { group: title }));
    this.select.append(new Option(tr("choose…"), ""));
    if (rest) this.select.append(new Option(tr("all others"), "rest"));
    if (pad.data.labels.length > 1) pad.data.labels.forEach((name, k) => this.select.append(new Option(name, String(k))));
    this.lassoed = new Option(tr("within the lasso"), "lasso");
    this.select.addEventListener("change", () => this.choose(this.select.value));
    this.toggle = button(row, tr("Lasso"), tr("Draw round codes on the map"));
    this.toggle.setAttribute("aria-label", tr("{group}: lasso", { group: title }));
    this.toggle.setAttribute("aria-pressed", "false");
    this.toggle.addEventListener("click", () => this.switch(!this.lasso.isOn));
    this.count = add(right, "small");
    this.lasso = new Lasso(pad.map, {
      onDraw: (polygon) => pad.map.overlay.draw([{ colour: "#222", points: polygon }]),
      onDone: (polygon) => this.take(polygon),
    });
    if (rest) this.choose("rest");
    else this.tell();
  }

  switch(isOn) {
    if (isOn) this.onLasso?.(); // one lasso at a time
    this.lasso.switch(isOn);
    this.toggle.setAttribute("aria-pressed", String(isOn));
  }

  take(polygon) {
    const { samples, plane } = this.pad;
    this.within = samples.where((n) => isInside(samples.onPlane(n, plane).mean, polygon));
    if (!this.lassoed.parentNode) this.select.append(this.lassoed);
    this.switch(false);
    this.choose("lasso");
  }

  /** "rest", "lasso", the number of a label as text, or "" for nothing. */
  choose(source) {
    this.source = this.select.value = source;
    this.update();
    this.onChange();
  }

  update() {
    const { samples } = this.pad;
    if (!samples) return;
    if (this.source === "lasso") this.numbers = this.within;
    else if (this.source === "rest") this.numbers = this.rest.numbers.length ? others(samples.count, this.rest.numbers) : [];
    else this.numbers = this.source === "" ? [] : samples.where((n) => samples.labels[n] === Number(this.source));
    this.tell();
  }

  async tell() {
    const isLatest = this.latest.begin();
    const { numbers, pad } = this;
    this.count.textContent = numbers.length ? trn("{count} sample", "{count} samples", numbers.length) : tr("no samples yet");
    this.canvas.classList.toggle("lp-empty", numbers.length === 0);
    if (numbers.length === 0) this.canvas.width = 1; // which clears it
    if (numbers.length === 0 || !pad.decoder) return;
    const mean = pad.samples.meanOf(numbers);
    const values = await pad.decode(mean);
    if (isLatest()) pad.paintDecoded(this.canvas, values);
  }

  /** How it is called in a name: its label, or nothing. */
  get name() {
    return this.pad.data.labels.length > 1 && /^\d+$/.test(this.source) ? this.pad.data.labels[Number(this.source)] : "";
  }
}

function others(count, numbers) {
  const taken = new Uint8Array(count);
  for (const n of numbers) taken[n] = 1;
  return Array.from({ length: count }, (_, n) => n).filter((n) => !taken[n]);
}
