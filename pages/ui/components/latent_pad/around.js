// What lies around a point: how far it can be trusted, the nearest samples, and where what it shows is encoded back to.

import { tr } from "../words.js";
import { add, figure } from "./elements.js";
import { paintFour } from "./picture.js";
import { TrustMeter } from "./trust.js";

const NEAREST = 4;
const SPOKEN = 4; // so many latents of the point are read out

export class Around {
  /** `pictures` and `side` are where the nearest samples and the trust meter go. */
  constructor(pad, pictures, side) {
    this.pad = pad;
    [this.nearest, this.caption] = figure(pictures, "nearest", "lp-nearest");
    this.nearest.setAttribute("role", "img");
    this.trustParent = add(side, "div", "lp-trust");
    this.spoken = add(side, "div", "lp-spoken");
    this.spoken.setAttribute("aria-live", "polite");
  }

  open(samples) {
    this.samples = samples;
    if (this.pad.data.is_drawn) return; // there are no data that a point could be near to
    this.trust = new TrustMeter(this.trustParent, this.pad.data, samples);
    this.trust.show(this.pad.point.z);
  }

  async show(z) {
    if (!this.samples) return;
    const { samples, pad } = this;
    this.trust?.show(z);
    const found = samples.nearest(z, samples.thumbnails ? NEAREST : 1, pad.labels.index);
    this.tell(found);
    const shown = found.map(({ index }) => index).join() + Boolean(samples.thumbnails);
    if (shown === this.shown) return;
    this.shown = shown;
    if (samples.thumbnails) paintFour(this.nearest, samples.thumbnails, found.map(({ thumbnail }) => thumbnail));
    else if (pad.decoder && !pad.output.isBusy) pad.paintDecoded(this.nearest, await pad.decoder.decode(this.codeInput(found[0].index)));
    else this.shown = null;
  }

  tell(found) {
    const { samples, pad } = this;
    const kind = samples.thumbnails ? (found.length > 1 ? tr("Nearest samples") : tr("Nearest sample")) : tr("Nearest code, reconstructed");
    const one = ({ index, distance }) => {
      const label = pad.data.labels[samples.labels[index]];
      const away = distance.toPrecision(2);
      return label ? tr("{label}, {distance} away", { label, distance: away }) : tr("{distance} away", { distance: away });
    };
    const told = { kind, list: found.map(one).join("; "), count: samples.searched.toLocaleString("en") };
    this.caption.textContent = samples.searched < samples.count ? tr("{kind} of {count}: {list}", told) : tr("{kind}: {list}", told);
    this.nearest.setAttribute("aria-label", this.caption.textContent);
  }

  /** ‖z − μ(dec z)‖, unless the point has moved on meanwhile. */
  async showRoundTrip(z, hasMoved) {
    const { mean } = await this.pad.encode(await this.pad.decode(z));
    if (!hasMoved()) this.trust?.showRoundTrip(Math.hypot(...z.map((value, i) => value - mean[i])));
  }

  /** Say in words where the point rests and what is there, for those who do not see it. */
  describe() {
    const { pad } = this;
    const names = pad.data.order.filter((i) => !pad.data.collapsed.includes(i)).slice(0, SPOKEN);
    const place = names.map((i) => `z${i + 1} ${pad.point.z[i].toFixed(2)}`).join(", ");
    const label = this.labelAt(pad.point.z);
    const nearest = label ? tr("Nearest sample: {label}.", { label }) : "";
    const words = `${place}. ${this.trust ? `${this.trust.word}. ` : ""}${nearest}`;
    if (!pad.table) pad.output.describe(tr("Decoded at {place}", { place: words })); // a row describes itself
    this.spoken.textContent = words;
  }

  /** The code of a sample, decoded with the label it has. */
  codeInput(index) {
    return this.pad.labels.input(this.samples.code(index), this.samples.labels[index]);
  }

  /** The label of the sample whose code is nearest, if there are labels. */
  labelAt(z) {
    const [found] = this.samples?.nearest(z, 1) ?? [];
    return found ? this.pad.data.labels[this.samples.labels[found.index]] : "";
  }
}
