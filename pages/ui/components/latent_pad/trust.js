// The trust meter: how far the decoder has reason to know what it shows at a point.

import { later, tr } from "../words.js";
import { Mixture, priorOf, trust } from "./density.js";
import { add } from "./elements.js";

const HOLE = 0.01;
const SPARSE = 0.1;
const WORDS = { hole: later("A hole: the decoder has learnt nothing here"), sparse: later("Sparse: few codes lie so far apart"), data: later("On the data") };

export class TrustMeter {
  /** `samples` have codes with stds. */
  constructor(parent, data, samples) {
    this.usual = data.usual;
    this.density = Mixture.even(samples.means, samples.stds, data.latents, data.live_codes);
    this.prior = priorOf(data.prior, data.latents);
    const some = { some: data.live_codes.toLocaleString("en"), count: samples.count.toLocaleString("en") };
    const isOfAll = samples.count <= data.live_codes;
    this.bar = add(parent, "meter", "lp-trust-bar");
    Object.assign(this.bar, { min: 0, max: 1, low: SPARSE, optimum: 1 });
    const name = isOfAll ? tr("Trust: share of the codes that lie no more densely") : tr("Trust: share of the codes that lie no more densely, judged by {some} of {count} codes", some);
    this.bar.setAttribute("aria-label", name);
    this.bar.title = isOfAll ? tr("The share of the data's codes that lie no more densely than this point.") : tr("The share of the data's codes that lie no more densely than this point, judged by {some} of {count} codes.", some);
    this.verdict = add(parent, "p", "lp-trust-verdict");
    this.figures = add(parent, "p", "lp-trust-figures");
    this.parent = parent;
    this.isEncoding = false;
    this.roundTrip = null;
  }

  /** What the densities say at z. */
  show(z) {
    const logDensity = this.density.logDensity(z);
    const share = trust(logDensity, this.usual);
    const kind = share < HOLE ? "hole" : share < SPARSE ? "sparse" : "data";
    this.bar.value = share;
    this.parent.dataset.trust = kind;
    this.word = tr(WORDS[kind]);
    this.verdict.textContent = tr("{verdict} · denser than at {share} of the codes", { verdict: this.word, share: percent(share) });
    this.logDensity = logDensity;
    this.logPrior = this.prior ? this.prior.logDensity(z) : null;
    this.roundTrip = null;
    this.tell();
  }

  /** ‖z − μ(dec z)‖: how far what is decoded is encoded from where it came; "…" stands for it until then. */
  showRoundTrip(distance) {
    this.isEncoding = true;
    this.roundTrip = distance;
    this.tell();
  }

  tell() {
    const parts = [tr("log q(z) {value}", { value: number(this.logDensity) })];
    if (this.logPrior !== null) parts.push(tr("log p(z) {value} nats", { value: number(this.logPrior) }));
    if (this.isEncoding) parts.push(tr("round trip ‖z − μ(dec z)‖ {distance}", { distance: this.roundTrip?.toPrecision(2) ?? "…" }));
    this.figures.textContent = parts.join(" · ");
  }
}

function percent(share) {
  return share > 0 && share < 0.01 ? tr("less than 1 %") : `${Math.round(100 * share)} %`;
}

function number(value) {
  if (value < -9999) return tr("below −9,999");
  return value.toFixed(Math.abs(value) < 100 ? 2 : 0).replace("-", "−");
}
