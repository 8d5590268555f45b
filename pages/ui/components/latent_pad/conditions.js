// Which label a conditional model's decoder is told, and how: one-hot after the latent.

import { tr } from "../words.js";

export class LabelChooser {
  /** Shows nothing for a model without labels; `onChange(event)` after a choice. */
  constructor(parent, names, chosen, onChange) {
    this.names = names;
    if (names.length === 0) return;
    const label = parent.appendChild(document.createElement("label"));
    label.append(`${tr("Label")} `);
    this.control = label.appendChild(document.createElement("select"));
    this.control.setAttribute("aria-label", tr("Label"));
    names.forEach((name) => this.control.append(new Option(name)));
    this.index = chosen;
    this.control.addEventListener("change", onChange);
  }

  /** Number of the chosen label; null for a model without labels. */
  get index() {
    return this.control ? this.control.selectedIndex : null;
  }

  set index(chosen) {
    if (this.control && chosen !== null) this.control.selectedIndex = chosen;
  }

  /** What the decoder is given for a latent: [z, one-hot label]. */
  input(z, index = this.index) {
    const whole = new Float32Array(z.length + this.names.length);
    whole.set(z);
    if (this.control) whole[z.length + index] = 1;
    return whole;
  }

  /** A caption, with the label that is told. */
  words(decoded) {
    return this.control ? tr("{decoded} as “{label}”", { decoded, label: this.names[this.index] }) : decoded;
  }
}
