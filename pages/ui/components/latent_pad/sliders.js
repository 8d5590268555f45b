// One row a latent dimension: a slider, its number to be typed, a lock, and a strip of what it changes.
// Those that tell the decoder most stand first; those that tell it nothing are folded away.

import { tr, trn } from "../words.js";

const STEPS = 500;

export class Sliders {
  /**
   * `dimensions` are { index, low, high, kl } in the order to be shown, `collapsed` those to be folded away;
   * `onMove(dimension, value, event, isDragged)` while dragging and after typing, `onRelease()` after either, `onLock(dimensions)`.
   */
  constructor(parent, dimensions, collapsed, z, callbacks) {
    this.callbacks = callbacks;
    // codes without a prior may be as narrow as 0.01 or as wide as 1000
    const widest = Math.max(...dimensions.map(({ low, high }) => high - low));
    this.digits = Math.min(Math.max(Math.ceil(2.5 - Math.log10(widest)), 0), 4);
    this.rows = [];
    const folded = new Set(collapsed);
    dimensions.filter(({ index }) => !folded.has(index)).forEach((dimension) => this.addRow(parent, dimension, z));
    if (folded.size === 0) return;
    const fold = parent.appendChild(document.createElement("details"));
    fold.className = "lp-collapsed";
    fold.open = folded.size === dimensions.length;
    const summary = fold.appendChild(document.createElement("summary"));
    summary.textContent = trn("{count} collapsed dimension", "{count} collapsed dimensions", folded.size);
    const why = fold.appendChild(document.createElement("p"));
    why.textContent = tr("Every example's code is about the same there (variance at most 0.01): the decoder was told nothing, and hardly changes.");
    dimensions.filter(({ index }) => folded.has(index)).forEach((dimension) => this.addRow(fold, dimension, z));
  }

  addRow(parent, { index, low, high, kl }, z) {
    const name = `z${index + 1}`;
    const row = parent.appendChild(document.createElement("div"));
    row.className = "lp-slider";
    const label = row.appendChild(document.createElement("span"));
    label.textContent = name;
    label.title = kl ? tr("{name}: {kl} nats of KL on average", { name, kl: kl.toFixed(2) }) : name;
    const slider = row.appendChild(document.createElement("input"));
    const [least, most] = [Math.min(low, z[index]), Math.max(high, z[index])];
    Object.assign(slider, { type: "range", min: least, max: most, step: (most - least) / STEPS });
    slider.setAttribute("aria-label", name);
    const typed = row.appendChild(document.createElement("input"));
    Object.assign(typed, { type: "number", step: "any", className: "lp-typed" });
    typed.setAttribute("aria-label", tr("{name}, typed", { name }));
    const lock = row.appendChild(document.createElement("button"));
    Object.assign(lock, { type: "button", className: "lp-lock", title: tr("Keep {name} as it is, whatever else moves the point", { name }) });
    lock.setAttribute("aria-label", tr("Lock {name}", { name }));
    lock.setAttribute("aria-pressed", "false");
    const strip = row.appendChild(document.createElement("canvas"));
    strip.className = "lp-strip";
    strip.hidden = true;
    slider.addEventListener("input", (event) => this.callbacks.onMove(index, slider.valueAsNumber, event, true));
    slider.addEventListener("change", () => this.callbacks.onRelease());
    const tell = () => (typed.value = this.shown[index].toFixed(this.digits));
    typed.addEventListener("blur", tell);
    typed.addEventListener("change", (event) => {
      if (!Number.isFinite(typed.valueAsNumber)) return tell();
      this.callbacks.onMove(index, typed.valueAsNumber, event, false);
      tell();
      this.callbacks.onRelease();
    });
    lock.addEventListener("click", () => {
      const { locked } = this;
      this.locked = locked.includes(index) ? locked.filter((other) => other !== index) : [...locked, index];
      this.callbacks.onLock(this.locked);
    });
    this.rows.push({ index, low, high, slider, typed, lock, strip });
  }

  /** Numbers of the dimensions that are locked. */
  get locked() {
    return this.rows.filter(({ slider }) => slider.disabled).map(({ index }) => index);
  }

  set locked(dimensions) {
    for (const { index, slider, typed, lock } of this.rows) {
      const isLocked = dimensions.includes(index);
      lock.setAttribute("aria-pressed", String(isLocked));
      slider.disabled = typed.disabled = isLocked;
    }
  }

  /** Bring thumbs and numbers to a point; `moving` is the slider under the user's finger, which knows its place. */
  show(z, moving = -1) {
    this.rows.forEach(({ index, slider, typed }) => {
      if (this.shown?.[index] === z[index]) return;
      if (index !== moving) slider.valueAsNumber = z[index];
      const words = z[index].toFixed(this.digits);
      if (typed !== typed.getRootNode().activeElement) typed.value = words; // it may be about to be typed in
      slider.setAttribute("aria-valuetext", words);
    });
    this.shown = [...z];
  }

  /** The rows in sight, for their strips. */
  get visible() {
    return this.rows.filter(({ strip }) => strip.parentElement.offsetParent !== null);
  }
}
