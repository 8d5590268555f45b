// Samples chosen by a lasso on the map or by their label: how many, which, their pictures, and their codes to take away.

import { add, button, save } from "../elements.js";
import { isInside, Lasso } from "./lasso.js";
import { thumbnailOf, thumbnailOffscreen } from "../picture.js";
import { tr, trn } from "../../words.js";

const MOST_PICTURES = 60;
const SIDE = 56;

export class SelectionTool {
  constructor(panel, pad) {
    Object.assign(this, { pad, chosen: [] });
    const row = add(panel, "div", "lp-bar");
    this.toggle = button(row, tr("Lasso"), tr("While it is on, draw round codes on the map"));
    this.toggle.setAttribute("aria-pressed", "false");
    this.toggle.addEventListener("click", () => this.switch(!this.lasso.isOn));
    if (pad.data.labels.length > 1) this.addLabels(row);
    button(row, tr("Clear"), tr("Choose nothing")).addEventListener("click", () => this.choose([]));
    this.save = button(row, tr("Codes as CSV"), tr("Number, name, label and latent coordinates of every chosen sample"));
    this.save.addEventListener("click", () => this.saveCodes());
    this.status = add(panel, "p", "lp-status");
    this.status.setAttribute("role", "status");
    this.grid = add(panel, "div", "lp-chosen");
    this.lasso = new Lasso(pad.map, {
      onDraw: (polygon) => pad.map.overlay.draw([{ colour: "#222", points: polygon }]),
      onDone: (polygon) => {
        this.switch(false);
        this.take(polygon);
      },
    });
    this.tell();
  }

  addLabels(row) {
    const label = add(row, "label");
    label.append(`${tr("All of")} `);
    this.labels = add(label, "select");
    this.labels.setAttribute("aria-label", tr("All of a label"));
    this.labels.append(new Option(tr("a label…"), ""));
    this.pad.data.labels.forEach((name, k) => this.labels.append(new Option(name, k)));
    this.labels.addEventListener("change", () => this.takeLabel(this.labels.value));
  }

  /** All samples of the label of this number; none for "". */
  takeLabel(label) {
    const { samples } = this.pad;
    if (samples) this.choose(label === "" ? [] : samples.where((n) => samples.labels[n] === Number(label)), { label });
  }

  switch(isOn) {
    this.lasso.switch(isOn);
    this.toggle.setAttribute("aria-pressed", String(isOn));
    this.tell();
  }

  take(polygon) {
    const { samples, plane } = this.pad;
    this.choose(samples.where((n) => isInside(samples.onPlane(n, plane).mean, polygon)), { polygon });
  }

  /** These samples, by a label or a lasso, or by neither; the select, the link and the map say which. */
  choose(chosen, { label = "", polygon = null } = {}) {
    Object.assign(this, { chosen, polygon });
    if (this.labels) {
      this.labels.value = label;
      this.pad.remember("label", label);
    }
    this.draw();
    this.tell();
    this.showPictures();
  }

  tell() {
    const { chosen, pad } = this;
    this.save.setAttribute("aria-disabled", String(chosen.length === 0));
    if (chosen.length === 0) {
      this.status.textContent = this.lasso?.isOn ? tr("Draw round codes on the map.") : tr("Switch the lasso on and draw round codes on the map.");
      return;
    }
    const counts = new Map();
    for (const n of chosen) counts.set(pad.samples.labels[n], (counts.get(pad.samples.labels[n]) ?? 0) + 1);
    const named = [...counts].sort((a, b) => b[1] - a[1]).filter(([label]) => pad.data.labels[label]);
    const most = named.slice(0, 6).map(([label, count]) => `${pad.data.labels[label]}: ${count.toLocaleString("en")}`);
    const told = [tr("{some} of {count} samples", { some: chosen.length.toLocaleString("en"), count: pad.samples.count.toLocaleString("en") })];
    if (most.length) told.push(named.length > 6 ? trn("{labels}, and {count} more label", "{labels}, and {count} more labels", named.length - 6, { labels: most.join(", ") }) : most.join(", "));
    this.status.textContent = told.join(" · ");
  }

  showPictures() {
    const { thumbnails, count } = this.pad.samples;
    this.grid.replaceChildren();
    if (!thumbnails) return;
    const here = this.chosen.map((n) => [n, thumbnailOf(n, count, thumbnails.count)]).filter(([, k]) => k !== null);
    const shown = Math.min(here.length, MOST_PICTURES);
    for (let place = 0; place < shown; place += 1) {
      const [n, k] = here[Math.floor((place * here.length) / shown)];
      const one = button(this.grid, "", tr("Sample {number}: the point goes there", { number: n + 1 }));
      const picture = thumbnailOffscreen(thumbnails, k);
      picture.style.width = `${SIDE}px`;
      one.append(picture);
      const label = this.pad.data.labels[this.pad.samples.labels[n]];
      one.setAttribute("aria-label", label ? tr("Go to sample {number}, {label}", { number: n + 1, label }) : tr("Go to sample {number}", { number: n + 1 }));
      one.addEventListener("click", () => {
        this.pad.jump([...this.pad.samples.code(n)]);
      });
    }
    if (shown < here.length) add(this.grid, "p").textContent = tr("{some} of {count} pictures, evenly chosen", { some: shown, count: here.length.toLocaleString("en") });
  }

  async saveCodes() {
    const { samples, data } = this.pad;
    if (this.chosen.length === 0) return;
    try {
      this.names ??= data.names ? await (await fetch(new URL(data.names, document.baseURI))).json() : [];
    } catch (error) {
      this.status.textContent = tr("The names of the samples did not arrive: {why}. Try again.", { why: error.message });
      return;
    }
    const named = this.names.length > 0;
    const names = Array.from({ length: data.latents }, (_, i) => `z${i + 1}`);
    const lines = [["sample", ...(named ? ["name"] : []), "label", ...names].join(",")];
    for (const n of this.chosen) lines.push([n + 1, ...(named ? [quoted(this.names[n])] : []), quoted(data.labels[samples.labels[n]]), ...samples.code(n)].join(","));
    save(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" }), "codes.csv");
  }

  draw() {
    const { map } = this.pad;
    map.overlay.draw(this.polygon ? [{ colour: "#222", points: [...this.polygon, this.polygon[0]] }] : []);
  }

  open() {
    const { label } = this.pad.link.view;
    if (this.labels && label && label !== this.labels.value && this.labels.querySelector(`[value="${Number(label)}"]`)) {
      this.takeLabel(label);
    }
    this.draw();
  }

  escape() {
    this.switch(false);
    this.draw();
  }

  close() {
    this.switch(false);
    this.pad.map.overlay.draw([]);
  }
}

/** A field of a CSV; one that a spreadsheet would take for a formula is told apart. */
function quoted(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
