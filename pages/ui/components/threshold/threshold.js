// A histogram with a threshold. All counts were made before: one of `steps` places of the slider is looked up.

import { tr } from "../words.js";

const COLOURS = ["#3b6fd4", "#e8833a"];
const HEIGHT = 150;

class Threshold {
  constructor(root) {
    this.root = root;
    root.textContent = "";
    this.canvas = root.appendChild(document.createElement("canvas"));
    this.canvas.setAttribute("role", "img");
    this.slider = root.appendChild(document.createElement("input"));
    this.output = root.appendChild(document.createElement("output"));
    this.words = root.appendChild(document.createElement("p"));
    this.slider.type = "range";
    this.slider.setAttribute("aria-label", tr("Threshold"));
    this.slider.addEventListener("input", () => this.draw());
    this.slider.addEventListener("change", () => this.release());
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.follow(event);
    });
    this.canvas.addEventListener("pointermove", (event) => event.buttons && this.follow(event));
    this.canvas.addEventListener("pointerup", () => this.release());
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.canvas);
  }

  show(data) {
    const { data: before } = this;
    this.data = data;
    this.slider.min = 0;
    this.slider.max = data.above.length - 1;
    if (before?.threshold !== data.threshold || before?.low !== data.low || before?.high !== data.high) {
      this.released = null;
      this.slider.value = Math.round(((data.threshold - data.low) / (data.high - data.low)) * this.slider.max);
    }
    this.words.textContent = "";
    for (const [k, name] of data.groups.entries()) {
      const key = this.words.appendChild(document.createElement("span"));
      key.className = "key";
      key.style.setProperty("--colour", COLOURS[k]);
      key.textContent = name;
    }
    this.words.append(` ${data.about}`);
    this.draw();
  }

  get value() {
    const { low, high } = this.data;
    return low + (this.slider.value / this.slider.max) * (high - low);
  }

  follow(event) {
    const { left, width } = this.canvas.getBoundingClientRect();
    this.slider.value = Math.round(((event.clientX - left) / width) * this.slider.max);
    this.draw();
  }

  release() {
    if (this.value !== this.released) this.root.commit(this.value);
    this.released = this.value;
  }

  draw() {
    const { canvas, data } = this;
    if (!data || !canvas.clientWidth) return;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, HEIGHT];
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const share = this.slider.value / this.slider.max;
    const bins = data.counts[0].length;
    const most = Math.max(...data.counts[0].map((_, k) => data.counts.reduce((sum, of) => sum + of[k], 0)), 1);
    for (let k = 0; k < bins; k++) {
      const whole = data.counts.reduce((sum, of) => sum + of[k], 0);
      const tall = Math.sqrt(whole / most) * (height - 6);
      let top = height;
      context.globalAlpha = (k + 0.5) / bins >= share ? 1 : 0.35;
      for (const [g, counts] of data.counts.entries()) {
        const part = whole ? (tall * counts[k]) / whole : 0;
        context.fillStyle = COLOURS[g];
        context.fillRect((k * width) / bins, top - part, width / bins - 1, part);
        top -= part;
      }
    }
    context.globalAlpha = 1;
    context.fillStyle = getComputedStyle(canvas).color;
    context.fillRect(Math.min(share * width, width - 2), 0, 2, height);
    this.tell();
  }

  close() {
    this.sizes.disconnect();
  }

  tell() {
    const { above, total, unit, anomalies } = this.data;
    const step = Number(this.slider.value);
    const percent = (part, whole) => `${((100 * part) / Math.max(whole, 1)).toFixed(1)} %`;
    const told = { value: `${this.value.toPrecision(4)}${unit}`, some: above[step].toLocaleString("en"), count: total.toLocaleString("en"), share: percent(above[step], total) };
    let words = tr("Above {value}: {some} of {count} ({share})", told);
    if (anomalies) {
      const found = anomalies.above[step];
      const rates = { found: percent(found, anomalies.total), false: percent(above[step] - found, total - anomalies.total) };
      words += ` · ${tr("finds {found} of the anomalies, with {false} false alarms", rates)}`;
    }
    this.output.textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
    this.canvas.setAttribute("aria-label", tr("Histogram of the scores. {words}", { words }));
  }
}

/** Called again by Streamlit whenever data or theme change. */
export function show(root, data) {
  if (root.threshold && root.threshold.data.words !== data.words) remove(root); // another language
  root.threshold ??= new Threshold(root);
  root.threshold.show(data);
}

export function remove(root) {
  root.threshold?.close();
  delete root.threshold;
}
