// The grid of all dimensions by steps around the point, those that tell the decoder most first.

import { Latest } from "../latest.js";
import { paintCell } from "../picture.js";
import { tr } from "../../words.js";

const STEPS = 11;

export class TraversalsTool {
  constructor(panel, pad) {
    Object.assign(this, { panel, pad, latest: new Latest() });
    const row = panel.appendChild(document.createElement("div"));
    row.className = "lp-way-head";
    const here = row.appendChild(document.createElement("button"));
    Object.assign(here, { type: "button", textContent: tr("Around the point"), title: tr("Begin every row at the point as it stands now") });
    here.addEventListener("click", () => this.show());
    this.status = row.appendChild(document.createElement("span"));
    this.status.setAttribute("role", "status");
    this.grid = panel.appendChild(document.createElement("div"));
    this.grid.className = "lp-grid";
  }

  open() {
    this.show();
  }

  async show() {
    const isLatest = this.latest.begin();
    const { pad } = this;
    this.base = [...pad.point.z];
    this.grid.replaceChildren();
    const rows = pad.data.order.map((index) => this.addRow(index));
    for (const [n, { index, canvas }] of rows.entries()) {
      const [low, high] = pad.data.ranges[index];
      for (let k = 0; k < STEPS; k += 1) {
        const values = await pad.decode(this.base.with(index, low + (k / (STEPS - 1)) * (high - low)));
        if (!isLatest()) return;
        paintCell(canvas, values, pad.data.shape, k, STEPS);
      }
      this.status.textContent = n < rows.length - 1 ? tr("{done} of {count} dimensions", { done: n + 1, count: rows.length }) : "";
    }
  }

  addRow(index) {
    const { pad } = this;
    const row = this.grid.appendChild(document.createElement("div"));
    row.className = "lp-grid-row";
    const name = row.appendChild(document.createElement("span"));
    const dead = pad.data.collapsed.includes(index);
    name.textContent = `z${index + 1}`;
    const kl = pad.data.kl[index]?.toFixed(2);
    if (pad.data.kl[index]) name.title = dead ? tr("{kl} nats of KL, collapsed", { kl }) : tr("{kl} nats of KL", { kl });
    const told = row.appendChild(document.createElement("small"));
    told.textContent = dead ? tr("collapsed") : pad.data.kl[index] ? tr("{kl} nats", { kl }) : "";
    const canvas = row.appendChild(document.createElement("canvas"));
    canvas.className = "lp-strip";
    canvas.style.aspectRatio = `${STEPS * pad.data.shape[2]} / ${pad.data.shape[1]}`;
    canvas.setAttribute("role", "img");
    const [least, most] = pad.data.ranges[index].map((value) => value.toFixed(1));
    canvas.setAttribute("aria-label", tr("{name} from {least} to {most}", { name: `z${index + 1}`, least, most }));
    canvas.addEventListener("click", (event) => {
      const k = Math.min(Math.floor((event.offsetX / canvas.clientWidth) * STEPS), STEPS - 1);
      const [low, high] = pad.data.ranges[index];
      pad.move(this.base.with(index, low + (k / (STEPS - 1)) * (high - low)), event);
      pad.settle();
    });
    return { index, canvas };
  }

  relabel() {
    if (this.pad.tools.opened === this) this.show();
  }

  close() {
    this.latest.stop();
  }
}
