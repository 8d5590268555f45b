// Under each slider what it changes: the decoder's output along its dimension, the others as they are.

import { paintCell } from "./picture.js";

const CELLS = 9;

export class Filmstrips {
  /** `decode(z)` gives values of pictures of this shape. */
  constructor(sliders, shape, decode) {
    Object.assign(this, { sliders, shape, decode, turn: 0 });
  }

  /** Draw anew around z; a later call, or `stop`, ends an earlier one between two pictures. */
  async show(z) {
    this.turn += 1;
    const { turn } = this;
    for (const { index, low, high, strip } of this.sliders.visible) {
      strip.hidden = false;
      strip.style.aspectRatio = `${CELLS * this.shape[2]} / ${this.shape[1]}`;
      for (let k = 0; k < CELLS; k += 1) {
        const values = await this.decode(z.with(index, low + ((k + 0.5) / CELLS) * (high - low)));
        if (turn !== this.turn) return;
        paintCell(strip, values, this.shape, k, CELLS);
      }
    }
  }

  stop() {
    this.turn += 1;
  }
}
