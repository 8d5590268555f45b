// Magnification: how much the picture changes to a step on the map, √det(JᵀJ) of the decoder along the plane.
// The same as vae_core/latents/geometry.py, by finite differences; Bishop, Svensén & Williams 1997.

import { Latest } from "../latest.js";
import { tr } from "../../words.js";

const CELLS = 28;
const STEP = 1e-3; // of the width of the view

/** √det(JᵀJ) at a latent, J the derivative of the decoded values along the plane; `decode(z)` gives values. */
export async function magnificationAt(decode, plane, z, step) {
  const [u, v] = plane.project(z);
  const differences = [];
  for (const [a, b] of [[1, 0], [0, 1]]) {
    const forth = Float32Array.from(await decode(plane.lift(u + a * step, v + b * step, z)));
    const back = await decode(plane.lift(u - a * step, v - b * step, z));
    differences.push(forth.map((value, i) => (value - back[i]) / (2 * step)));
  } // prettier-ignore
  const dot = (p, q) => p.reduce((sum, value, i) => sum + value * q[i], 0);
  const [along, up] = differences;
  return Math.sqrt(Math.max(dot(along, along) * dot(up, up) - dot(along, up) ** 2, 0));
}

export class MagnificationLayer {
  static fits = ({ data }) => data.latents > 1;
  static needsInverse = true;
  static above = false;
  dependsOn = ["plane", "view", "point"];

  constructor(pad, repaint, tell) {
    Object.assign(this, { pad, repaint, tell, latest: new Latest(), found: [] });
  }

  async prepare(view) {
    const isLatest = this.latest.begin();
    const { pad } = this;
    const cell = Math.max(view.u[1] - view.u[0], view.v[1] - view.v[0]) / CELLS;
    const columns = Math.round((view.u[1] - view.u[0]) / cell);
    const rows = Math.round((view.v[1] - view.v[0]) / cell);
    const found = [];
    for (let k = 0; k < rows * columns; k += 1) {
      const [u, v] = [view.u[0] + ((k % columns) + 0.5) * cell, view.v[1] - (Math.floor(k / columns) + 0.5) * cell];
      const value = await magnificationAt(pad.decode, pad.plane, pad.plane.lift(u, v, pad.point.z), STEP * (view.u[1] - view.u[0]));
      if (!isLatest()) return;
      found.push({ u, v, value });
      if (k % columns === columns - 1) {
        Object.assign(this, { found, cell, largest: Math.max(...found.map((one) => one.value)), usual: quantile(found, 0.97) });
        this.tell(k < rows * columns - 1 ? tr("Magnification {share} %", { share: Math.round((100 * k) / (rows * columns)) }) : tr("magnification up to {largest}", { largest: this.largest.toPrecision(2) }));
        this.repaint();
      }
    }
  }

  paint(context, view) {
    const side = this.cell * view.scale + 0.5;
    for (const { u, v, value } of this.found) {
      context.fillStyle = `rgba(232, 131, 58, ${0.85 * Math.min(value / (this.usual || 1), 1)})`;
      context.fillRect(view.x(u) - side / 2, view.y(v) - side / 2, side, side);
    }
  }

  stop() {
    this.latest.stop();
    this.tell("");
  }
}

/** So that one steep place does not leave all others pale. */
function quantile(found, share) {
  const values = found.map(({ value }) => value).sort((a, b) => a - b);
  return values[Math.floor(share * (values.length - 1))];
}
