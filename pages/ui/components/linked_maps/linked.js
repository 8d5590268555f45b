// Maps of several models of one dataset, side by side: what is pointed at or lassoed in one lights up in all.
// An example has the same number in every model's codes; that is the link.

import { add, button } from "../latent_pad/elements.js";
import { thumbnailOf, thumbnailOffscreen } from "../latent_pad/picture.js";
import { tr, trn } from "../words.js";
import { LinkedMap } from "./linked_map.js";

const MOST_SHOWN = 48;
const NEAREST = 50; // what the Enter key selects

class LinkedMaps {
  constructor(root, data) {
    Object.assign(this, { root, data, selected: null, pointed: null });
    root.textContent = "";
    const bar = add(root, "div", "lm-bar");
    this.lasso = button(bar, tr("Lasso"), tr("Draw round examples in one map: they light up in all"));
    this.lasso.setAttribute("aria-pressed", "false");
    this.lasso.addEventListener("click", () => this.setLasso(!this.isLassoing));
    this.clear = button(bar, tr("Clear"), tr("Nothing selected any more"));
    this.clear.addEventListener("click", () => this.select(null));
    this.status = add(bar, "span", "lm-status");
    this.status.setAttribute("aria-live", "polite");
    const grid = add(root, "div", "lm-grid");
    this.maps = data.models.map((model, k) => new LinkedMap(grid, model, data.titles[k], this));
    this.shown = add(root, "div", "lm-selected");
    root.addEventListener("keydown", (event) => event.key === "Escape" && (this.select(null), this.setLasso(false)));
    this.select(null);
    this.open();
  }

  async open() {
    try {
      await Promise.all(this.maps.map((map) => map.open()));
      if (this.closed) return;
      this.root.dataset.ready = "true";
      for (const map of this.maps) map.light(0, false); // until somebody points, the first example is an example
      const { thumbnails } = this.data.models[0];
      if (thumbnails) await this.maps[0].samples.fetchThumbnails(thumbnails);
    } catch (error) {
      this.status.textContent = tr("The maps could not be loaded: {why}. Reload the page.", { why: error.message });
    }
  }

  get isLassoing() {
    return this.lasso.getAttribute("aria-pressed") === "true";
  }

  setLasso(isOn) {
    this.lasso.setAttribute("aria-pressed", String(isOn));
    this.root.classList.toggle("lm-lassoing", isOn);
  }

  /** The pointer is at a place of one map: example `n` is the nearest there. */
  point(at, n) {
    if (!this.root.dataset.ready) return;
    this.pointed = n;
    for (const map of this.maps) map.light(n, map === at);
    this.tell();
  }

  /** Examples by their numbers; null for none. */
  select(numbers) {
    this.selected = numbers?.length ? new Set(numbers) : null;
    this.root.dataset.selected = this.selected?.size ?? 0;
    this.clear.disabled = !this.selected;
    for (const map of this.maps) map.draw();
    this.showSelected();
    this.tell();
  }

  selectNearest(map) {
    this.select(map.nearest(NEAREST));
  }

  tell() {
    const parts = [];
    if (this.selected) parts.push(trn("{count} example lit in every map", "{count} examples lit in every map", this.selected.size));
    if (this.pointed !== null) {
      const { samples, data } = this.maps[0];
      const label = data.labels[samples.labels[this.pointed]];
      const told = { number: this.pointed + 1, label };
      parts.push(label ? tr("nearest: example {number}, {label}", told) : tr("nearest: example {number}", told));
    }
    this.status.textContent = parts.join(" · ") || tr("Move over a map: the nearest example lights up in the others.");
  }

  showSelected() {
    this.shown.textContent = "";
    const samples = this.maps[0]?.samples;
    const thumbnails = samples?.thumbnails;
    if (!this.selected || !thumbnails) return;
    const numbers = [...this.selected].sort((a, b) => a - b);
    for (const n of numbers.slice(0, MOST_SHOWN)) {
      const k = thumbnailOf(n, samples.count, thumbnails.count);
      if (k === null) continue;
      const canvas = this.shown.appendChild(thumbnailOffscreen(thumbnails, k));
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", tr("Example {number}", { number: n + 1 }));
      canvas.addEventListener("pointerenter", () => this.point(null, n));
    }
    if (numbers.length > MOST_SHOWN) add(this.shown, "span").textContent = tr("and {count} more", { count: numbers.length - MOST_SHOWN });
  }

  close() {
    this.closed = true;
    for (const map of this.maps) map.close();
  }
}

const shown = new WeakMap();

export function show(root, data) {
  const key = JSON.stringify([data.words, ...data.models.map(({ model, version }) => [model, version])]);
  const before = shown.get(root);
  if (before?.key === key) return;
  before?.maps.close();
  shown.set(root, { key, maps: new LinkedMaps(root, data) });
}

export function remove(root) {
  shown.get(root)?.maps.close();
  shown.delete(root);
}
