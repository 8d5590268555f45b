// The posteriors of the codes, one standard deviation wide, drawn to scale.

import { tr } from "../../words.js";

const MOST = 1500;

/** Semi-axes and tilt of the one-standard-deviation ellipse of a covariance [[a, b], [b, d]]: { major, minor, angle }. */
export function ellipseOf([a, b, d]) {
  const middle = (a + d) / 2;
  const spread = Math.hypot((a - d) / 2, b);
  return { major: Math.sqrt(middle + spread), minor: Math.sqrt(Math.max(middle - spread, 0)), angle: 0.5 * Math.atan2(2 * b, a - d) };
}

export class EllipseLayer {
  static fits = ({ data }) => data.prior !== null; // an autoencoder's codes have no spread
  static above = true;
  static needsInverse = true;
  dependsOn = ["plane", "view"];

  constructor(pad, repaint, tell) {
    Object.assign(this, { pad, tell });
  }

  prepare(view) {
    const { samples, plane } = this.pad;
    const inView = [];
    for (let n = 0; n < samples.count; n += 1) {
      const { mean: [u, v] } = samples.onPlane(n, plane);
      if (u >= view.u[0] && u <= view.u[1] && v >= view.v[0] && v <= view.v[1]) inView.push(n);
    }
    const count = Math.min(inView.length, MOST);
    this.shown = Array.from({ length: count }, (_, k) => inView[Math.floor((k * inView.length) / count)]);
    const few = count < inView.length;
    this.tell(few ? tr("{some} of the {count} posteriors in view", { some: count.toLocaleString("en"), count: inView.length.toLocaleString("en") }) : "");
  }

  paint(context, view) {
    const { samples, plane, data, map } = this.pad;
    context.lineWidth = 1;
    for (const n of this.shown) {
      const { mean: [u, v], covariance } = samples.onPlane(n, plane);
      const { major, minor, angle } = ellipseOf(covariance);
      context.strokeStyle = map.colourOf(data.groups.of_label[samples.labels[n]]);
      context.beginPath();
      // the map's two axes have one scale; pixels grow downwards
      context.ellipse(view.x(u), view.y(v), major * view.scale, minor * view.scale, -angle, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  stop() {}
}
