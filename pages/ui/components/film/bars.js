// KL of every dimension after the epoch that is shown; one scale for all frames.

import { tr } from "../words.js";
import { Surface } from "./surface.js";

const NAMED = 16; // more names than this would run into each other
const HEAD = 16;

export class Bars {
  constructor(parent, data) {
    this.data = data;
    this.surface = new Surface(parent, tr("KL per dimension (validation, nats)"), "kl", "fm-wide");
    this.most = Math.max(...data.kl.nats.flat(), 1e-9);
  }

  fit() {
    this.surface.fit();
  }

  draw(frame) {
    const { surface, data, most } = this;
    const { dimensions, nats } = data.kl;
    const context = surface.clear();
    const isNamed = dimensions.length <= NAMED;
    const ground = surface.height - (isNamed ? HEAD : 1);
    const step = surface.width / dimensions.length;
    const width = Math.min(step * 0.7, 48);
    context.textAlign = "center";
    dimensions.forEach((dimension, k) => {
      const value = nats[frame][k];
      const height = (Math.max(value, 0) / most) * (ground - HEAD);
      const middle = (k + 0.5) * step;
      context.fillStyle = surface.accent;
      context.fillRect(middle - width / 2, ground - height, width, height);
      context.fillStyle = surface.ink;
      if (isNamed) context.fillText(`z${dimension}`, middle, surface.height - 3);
      if (dimensions.length <= NAMED / 2) context.fillText(value.toFixed(2), middle, ground - height - 4);
    });
    context.fillStyle = surface.pale;
    context.fillRect(0, ground, surface.width, 1);
    const told = dimensions.slice(0, NAMED).map((dimension, k) => `z${dimension} ${nats[frame][k].toFixed(2)}`);
    surface.describe(tr("KL after epoch {epoch} in nats: {values}", { epoch: data.epochs[frame], values: told.join(", ") }));
  }
}
