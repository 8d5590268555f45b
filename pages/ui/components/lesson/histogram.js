// A histogram on a logarithmic axis with a threshold to drag and marks above it; a slider below for the keyboard.

import { add } from "../latent_pad/elements.js";
import { COLOURS } from "../latent_pad/map.js";
import { told } from "./parts.js";
import { ready } from "./canvas.js";

const BINS = 60;
const STEPS = 1000;
const [TOP, BOTTOM] = [34, 18];
const [REAL, ODD] = [COLOURS[0], COLOURS[1]];
const MARK = 4.5;
const FACTORS = [1, 1.5, 2, 3, 4, 5, 7];
const TICK_APART = 34;

export class Histogram {
  /** `onMove(threshold)` while it moves, `onRelease(threshold)` when it is let go. */
  constructor(parent, name, label, onMove, onRelease) {
    Object.assign(this, { onMove, onRelease, values: [], marks: [], chosen: null });
    this.canvas = add(parent, "canvas", "le-histogram");
    this.canvas.dataset.testid = name;
    this.canvas.setAttribute("role", "img");
    this.slider = add(parent, "input", "le-wide");
    Object.assign(this.slider, { type: "range", min: 0, max: STEPS, step: 1 });
    this.slider.setAttribute("aria-label", label);
    this.slider.addEventListener("input", () => this.move());
    this.slider.addEventListener("change", () => this.onRelease(this.threshold));
    this.listen();
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.canvas);
  }

  /** Values of what is usual, and of each mark. */
  show(values, marks) {
    const all = [...values, ...marks];
    this.low = Math.log(Math.min(...all)) - 0.02;
    this.high = Math.log(Math.max(...all)) + 0.02;
    this.counts = new Array(BINS).fill(0);
    for (const value of values) this.counts[Math.min(BINS - 1, Math.floor(this.share(value) * BINS))] += 1;
    Object.assign(this, { values, marks });
  }

  /** At which share of the width a value lies. */
  share(value) {
    return (Math.log(value) - this.low) / (this.high - this.low);
  }

  get threshold() {
    return Math.exp(this.low + (this.slider.valueAsNumber / STEPS) * (this.high - this.low));
  }

  /** Put the threshold at the next place of the slider that is no lower. */
  put(threshold) {
    this.slider.value = Math.ceil(this.share(threshold) * STEPS - 1e-6);
    this.move();
  }

  move() {
    this.draw();
    this.onMove(this.threshold);
  }

  say(words) {
    this.slider.setAttribute("aria-valuetext", words);
    this.canvas.setAttribute("aria-label", words);
  }

  listen() {
    const { canvas } = this;
    const follow = (event) => {
      const { left, width } = canvas.getBoundingClientRect();
      this.slider.value = Math.round(((event.clientX - left) / width) * STEPS);
      this.move();
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.isDragged = true;
      follow(event);
    });
    canvas.addEventListener("pointermove", (event) => this.isDragged && event.isPrimary && follow(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => {
        if (this.isDragged) this.onRelease(this.threshold);
        this.isDragged = false;
      });
    }
  }

  draw() {
    const drawn = this.counts && ready(this.canvas);
    if (!drawn) return;
    const { context, width, height, style } = drawn;
    const [floor, most, share] = [height - BOTTOM, Math.max(...this.counts), this.slider.valueAsNumber / STEPS];
    context.fillStyle = REAL;
    this.counts.forEach((count, k) => {
      const tall = Math.sqrt(count / most) * (floor - TOP);
      context.globalAlpha = (k + 0.5) / BINS > share ? 1 : 0.4;
      context.fillRect((k * width) / BINS, floor - tall, width / BINS - 1, tall);
    });
    context.globalAlpha = 1;
    this.ticks(context, style, width, height);
    this.marks.forEach((value, k) => {
      const isFlagged = value > this.threshold;
      context.beginPath();
      context.arc(this.share(value) * width, 10 + (k % 3) * 9, k === this.chosen ? MARK + 2 : MARK, 0, 2 * Math.PI);
      [context.fillStyle, context.strokeStyle] = [ODD, k === this.chosen ? style.color : ODD];
      context.lineWidth = 1.5;
      if (isFlagged) context.fill();
      context.stroke();
    });
    context.fillStyle = style.color;
    context.fillRect(Math.min(share * width, width - 2), 0, 2, floor);
  }

  /** Round numbers, as many as do not touch. */
  ticks(context, style, width, height) {
    context.fillStyle = style.color;
    context.font = `11px ${style.fontFamily}`;
    context.textAlign = "center";
    let last = -TICK_APART;
    for (let power = -3; power <= 4; power += 1) {
      for (const factor of FACTORS) {
        const value = factor * 10 ** power;
        const x = this.share(value) * width;
        if (x < 12 || x > width - 12 || x < last + TICK_APART) continue;
        context.fillText(told(value, Math.max(0, Number.isInteger(factor) ? -power : 1 - power)), x, height - 4);
        last = x;
      }
    }
  }

  close() {
    this.resizing.disconnect();
  }
}
