// A grid of straight lines on the map and, beside it, the curves that the decoder makes of them in data space.

import { Latest } from "../latest.js";
import { isPlane, original } from "../table/fields.js";
import { round125, ticks } from "../table/plane_plot.js";
import { tr } from "../../words.js";

const LINES = 12; // across what is in sight
const PIECES = 80; // of which a line is decoded

/** Lines through what is in sight, { kind: "up" or "across", places [u, v] }; a map of one latent has only its axis. */
export function gridLines({ u, v }, latents) {
  const step = round125((u[1] - u[0]) / LINES);
  const along = ([low, high], one) => Array.from({ length: PIECES + 1 }, (_, k) => one(low + (k / PIECES) * (high - low)));
  if (latents === 1) return [{ kind: "across", places: along(u, (a) => [a, 0]) }];
  const count = ([low, high]) => (high - low) / step;
  const up = ticks(u, count(u)).map((a) => ({ kind: "up", places: along(v, (b) => [a, b]) }));
  const across = ticks(v, count(v)).map((b) => ({ kind: "across", places: along(u, (a) => [a, b]) }));
  return [...up, ...across];
}

export class GridLayer {
  static fits = ({ data }) => isPlane(data.columns);
  static needsInverse = true;
  static above = false;
  dependsOn = ["plane", "view", "point"];

  constructor(pad, repaint, tell) {
    Object.assign(this, { pad, repaint, tell, latest: new Latest(), lines: [] });
  }

  async prepare(view) {
    const isLatest = this.latest.begin();
    const { pad } = this;
    const { fields, space } = pad.table;
    this.lines = gridLines(view, pad.data.latents);
    const curves = [];
    for (const [k, { kind, places }] of this.lines.entries()) {
      const points = [];
      for (const [u, v] of places) {
        const values = await pad.decode(pad.plane.lift(u, v, pad.point.z));
        if (!isLatest()) return;
        points.push(fields.map((field) => original(field, values)));
      }
      curves.push({ kind, points });
      space.showGrid(curves);
      this.tell(k < this.lines.length - 1 ? tr("Grid {share} %", { share: Math.round((100 * k) / this.lines.length) }) : tr("Grid: the same lines in latent and in data space"));
    }
  }

  paint(context, view) {
    context.strokeStyle = getComputedStyle(this.pad.area).color;
    context.globalAlpha = 0.45;
    for (const { kind, places } of this.lines) {
      context.setLineDash(kind === "up" ? [4, 3] : []);
      context.beginPath();
      places.forEach(([u, v]) => context.lineTo(view.x(u), view.y(v)));
      context.stroke();
    }
  }

  stop() {
    this.latest.stop();
    this.pad.table.space.showGrid([]);
    this.tell("");
  }
}
