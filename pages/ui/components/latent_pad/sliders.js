// One range input a latent dimension.

const STEPS = 500;

export class Sliders {
  /** `onMove(dimension, value, event)` while dragging, `onRelease()` after. */
  constructor(parent, ranges, z, { onMove, onRelease }) {
    // codes without a prior may be as narrow as 0.01 or as wide as 1000
    const widest = Math.max(...ranges.map(([low, high]) => high - low));
    this.digits = Math.min(Math.max(Math.ceil(2.5 - Math.log10(widest)), 0), 4);
    this.rows = ranges.map((range, i) => {
      const [low, high] = [Math.min(range[0], z[i]), Math.max(range[1], z[i])];
      const name = `z${i + 1}`;
      const row = parent.appendChild(document.createElement("label"));
      row.className = "lp-slider";
      row.append(name);
      const input = row.appendChild(document.createElement("input"));
      Object.assign(input, { type: "range", min: low, max: high, step: (high - low) / STEPS });
      input.setAttribute("aria-label", name);
      const output = row.appendChild(document.createElement("output"));
      input.addEventListener("input", (event) => onMove(i, input.valueAsNumber, event));
      input.addEventListener("change", onRelease);
      return { input, output };
    });
  }

  /** Bring thumbs and numbers to a point; `moving` is the slider under the user's finger, which knows its place. */
  show(z, moving = -1) {
    this.rows.forEach(({ input, output }, i) => {
      if (i !== moving) input.valueAsNumber = z[i];
      output.textContent = z[i].toFixed(this.digits);
    });
  }
}
