// The picture that one watches: what a point decodes to, painted as soon as it is there.

import { figure } from "./elements.js";

const MEASURE = "latent-pad:paint";
const KEPT_MEASURES = 10_000;
let painted = 0;

export class Output {
  /** `decode(z)` and `paintDecoded(canvas, values)` of the pad; `onPaint(z)` after each painting, `onError(message)`. */
  constructor(parent, pad, { onPaint, onError }) {
    Object.assign(this, { pad, onPaint, onError });
    [this.canvas, this.caption] = figure(parent, "decoded", "lp-decoded");
    this.wanted = null; // the newest point that waits for the decoder
    this.isBusy = false;
  }

  /** Decode and paint; of the points that arrive meanwhile only the newest is decoded next. */
  async show(z, event) {
    this.wanted = { z: [...z], start: event?.timeStamp };
    if (this.isBusy || !this.pad.decoder) return;
    this.isBusy = true;
    try {
      while (this.wanted && !this.pad.closed) {
        const { z: point, start } = this.wanted;
        this.wanted = null;
        this.pad.paintDecoded(this.canvas, await this.pad.decode(point));
        if (start !== undefined) measure(start);
        this.onPaint(point);
      }
    } catch (error) {
      this.onError(error.message);
    } finally {
      this.isBusy = false;
    }
  }

  /** What is seen, in words. */
  describe(words) {
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", words);
  }

  /** Say where the picture comes from. */
  tell(words) {
    this.caption.textContent = words;
  }
}

function measure(start) {
  painted += 1;
  if (painted % KEPT_MEASURES === 0) performance.clearMeasures(MEASURE);
  performance.measure(MEASURE, { start, end: performance.now() });
}
