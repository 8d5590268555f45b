// The manifold as in Kingma & Welling 2014, Fig. 4: what is decoded at even quantiles of the prior along the map's axes.

import { add } from "../elements.js";
import { Latest } from "../latest.js";
import { offscreen } from "../picture.js";
import { tr } from "../../words.js";

const CELLS = 20;
const OFF_PLANE = 1e-4; // what rounding may make of a point on it
const OUTERMOST = 0.02; // the grid spans the quantiles 0.02 to 0.98

export class PriorGridTool {
  constructor(panel, pad) {
    Object.assign(this, { pad, latest: new Latest() });
    this.status = add(panel, "p", "lp-status");
    this.status.setAttribute("role", "status");
    this.canvas = add(panel, "canvas", "lp-prior-grid");
    this.canvas.dataset.testid = "prior-grid";
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", tr("What the decoder makes of the prior's quantiles"));
    this.canvas.addEventListener("click", (event) => {
      const box = this.canvas.getBoundingClientRect();
      const cell = (offset, length) => Math.min(Math.floor((offset / length) * CELLS), CELLS - 1);
      pad.jump(this.latentAt(cell(event.clientX - box.left, box.width), cell(event.clientY - box.top, box.height)));
    });
  }

  get isOfPrior() {
    return this.pad.data.normal_quantiles !== null && !this.pad.chooser.isPrincipal;
  }

  /** Places along the two axes: the quantiles of N(0, 1) on axes of latents, else those of the codes there. */
  ticks() {
    const { pad } = this;
    if (this.isOfPrior) return [pad.data.normal_quantiles, pad.data.normal_quantiles];
    return pad.samples.project(pad.plane).map((values) => quantiles(values.slice().sort()));
  }

  latentAt(column, row) {
    return this.pad.plane.lift(this.across[column], this.up[CELLS - 1 - row], this.base);
  }

  open() {
    if (this.pad.samples) this.draw();
  }

  /** The point rests: off the map's plane the grid is where it is. */
  rest() {
    const { pad } = this;
    if (!pad.samples || !this.base || !pad.plane.hasInverse) return;
    const { z } = pad.point;
    const within = pad.plane.lift(...pad.plane.project(z), this.base);
    if (within.some((value, i) => Math.abs(value - z[i]) > OFF_PLANE)) this.draw();
  }

  relabel() {
    if (this.pad.tools.opened === this) this.open();
  }

  /** What is seen, and what a click does. */
  explain() {
    const told = { where: this.isOfPrior ? tr("the prior N(0, 1)") : tr("the codes"), from: OUTERMOST, to: 1 - OUTERMOST };
    if (this.pad.data.latents <= 2) return tr("Even quantiles of {where} from {from} to {to} along the map's axes. A click goes there.", told);
    return tr("Even quantiles of {where} from {from} to {to} along the map's axes; what lies off the map's plane is as at the point. A click goes there.", told);
  }

  /** Anew: another plane, or another point off it. */
  async draw() {
    const isLatest = this.latest.begin();
    const { pad, canvas } = this;
    canvas.hidden = !pad.plane.hasInverse;
    if (canvas.hidden) return (this.status.textContent = tr("t-SNE has no inverse, so that no grid can be decoded on it. Choose another map."));
    const [, height, width] = pad.data.shape;
    this.base = [...pad.point.z];
    [this.across, this.up] = this.ticks();
    const words = this.explain();
    Object.assign(canvas, { width: CELLS * width, height: CELLS * height });
    const context = canvas.getContext("2d");
    for (let row = 0; row < CELLS; row += 1) {
      this.status.textContent = `${words} ${Math.round((100 * row) / CELLS)} %`;
      for (let column = 0; column < CELLS; column += 1) {
        const values = await pad.decode(this.latentAt(column, row));
        if (!isLatest()) return;
        context.drawImage(offscreen(values, pad.data.shape), column * width, row * height);
      }
    }
    this.status.textContent = words;
  }

  close() {
    this.latest.stop();
  }
}

/** Even quantiles of sorted values, by linear interpolation. */
export function quantiles(sorted, cells = CELLS) {
  return Array.from({ length: cells }, (_, k) => {
    const place = (OUTERMOST + ((1 - 2 * OUTERMOST) * k) / (cells - 1)) * (sorted.length - 1);
    const low = Math.floor(place);
    return sorted[low] + (place - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
  });
}
