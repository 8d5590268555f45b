// The samples' pictures in place of dots: as many as fit without lying over one another; zooming in shows more.

import { thumbnailOffscreen } from "../picture.js";
import { tr } from "../../words.js";

const SIDE = 26;

export class ThumbnailLayer {
  static fits = ({ data }) => Boolean(data.thumbnails);
  static above = true;
  dependsOn = ["plane", "view", "pictures"];

  constructor(pad, repaint, tell) {
    Object.assign(this, { pad, tell, kept: new Map() });
  }

  prepare(view) {
    const { samples, plane } = this.pad;
    if (!samples.thumbnails) return this.tell(tr("The pictures are on their way"));
    const taken = new Set();
    this.shown = [];
    let inView = 0;
    for (let k = 0; k < samples.thumbnails.count; k += 1) {
      const index = Math.floor((k * samples.count) / samples.thumbnails.count);
      const { mean: [u, v] } = samples.onPlane(index, plane);
      const [x, y] = [view.x(u), view.y(v)];
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      inView += 1;
      const place = `${Math.floor(x / SIDE)},${Math.floor(y / SIDE)}`;
      if (taken.has(place)) continue;
      taken.add(place);
      this.shown.push({ k, index, u, v });
    }
    const told = { some: this.shown.length.toLocaleString("en"), count: inView.toLocaleString("en") };
    this.tell(this.shown.length < inView ? tr("{some} of the {count} pictures in view; zoom in for more", told) : tr("{some} of the {count} pictures in view", told));
  }

  paint(context, view) {
    const { samples, map, data } = this.pad;
    context.lineWidth = 1.5;
    for (const { k, index, u, v } of this.shown ?? []) {
      if (!this.kept.has(k)) this.kept.set(k, thumbnailOffscreen(samples.thumbnails, k));
      const [left, top] = [view.x(u) - SIDE / 2, view.y(v) - SIDE / 2];
      context.drawImage(this.kept.get(k), left, top, SIDE, SIDE);
      context.strokeStyle = map.colourOf(data.groups.of_label[samples.labels[index]]);
      context.strokeRect(left, top, SIDE, SIDE);
    }
  }

  stop() {
    this.tell("");
  }
}
