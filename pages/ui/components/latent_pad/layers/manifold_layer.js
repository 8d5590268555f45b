// The manifold: what the decoder makes of points all over the map.

import { Latest } from "../latest.js";
import { offscreen } from "../picture.js";
import { tr } from "../../words.js";

const CELL_PIXELS = 44;

export class ManifoldLayer {
  static fits = ({ data }) => !data.columns && data.latents > 1;
  static needsInverse = true;
  static above = false;
  dependsOn = ["plane", "view", "point"];

  constructor(pad, repaint, tell) {
    Object.assign(this, { pad, repaint, tell, latest: new Latest(), cells: [] });
  }

  async prepare(view) {
    const isLatest = this.latest.begin();
    const { pad } = this;
    const columns = Math.max(Math.round(view.width / CELL_PIXELS), 2);
    const rows = Math.max(Math.round(view.height / CELL_PIXELS), 2);
    const cells = [];
    this.size = [(view.u[1] - view.u[0]) / columns, (view.v[1] - view.v[0]) / rows];
    for (let k = 0; k < rows * columns; k += 1) {
      const [column, row] = [k % columns, Math.floor(k / columns)];
      const [u, v] = [view.u[0] + (column + 0.5) * this.size[0], view.v[1] - (row + 0.5) * this.size[1]];
      const values = await pad.decode(pad.plane.lift(u, v, pad.point.z));
      if (!isLatest()) return;
      cells.push({ u, v, picture: offscreen(values, pad.data.shape) });
      if (column === columns - 1 || k === rows * columns - 1) {
        this.cells = cells;
        this.tell(k < rows * columns - 1 ? tr("Manifold {share} %", { share: Math.round((100 * k) / (rows * columns)) }) : "");
        this.repaint();
      }
    }
  }

  paint(context, view) {
    if (!this.size) return;
    const [width, height] = [this.size[0] * view.scale, this.size[1] * view.scale];
    const side = Math.min(width, height);
    context.globalAlpha = 0.75;
    for (const { u, v, picture } of this.cells) context.drawImage(picture, view.x(u) - side / 2, view.y(v) - side / 2, side, side);
  }

  stop() {
    this.latest.stop();
    this.tell("");
  }
}
