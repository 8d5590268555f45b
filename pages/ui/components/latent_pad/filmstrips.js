// Under each slider what it changes: the decoder's output along its dimension, the others as they are.

import { Latest } from "./latest.js";
import { paintCell } from "./picture.js";

const CELLS = 9;

export class Filmstrips {
  /** `decode(z)` gives values of pictures of this shape. */
  constructor(sliders, shape, decode) {
    Object.assign(this, { sliders, shape, decode, latest: new Latest() });
  }

  /** Draw anew around z; a later call, or `stop`, ends an earlier one between two pictures. */
  async show(z) {
    const isLatest = this.latest.begin();
    for (const { index, low, high, strip } of this.sliders.visible) {
      strip.hidden = false;
      strip.style.aspectRatio = `${CELLS * this.shape[2]} / ${this.shape[1]}`;
      for (let k = 0; k < CELLS; k += 1) {
        const values = await this.decode(z.with(index, low + ((k + 0.5) / CELLS) * (high - low)));
        if (!isLatest()) return;
        paintCell(strip, values, this.shape, k, CELLS);
      }
    }
  }

  stop() {
    this.latest.stop();
  }
}
