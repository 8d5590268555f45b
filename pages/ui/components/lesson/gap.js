// The mutual information gap (Chen et al. 2018, https://arxiv.org/abs/1802.04942) of codes as they are turned: what
// vae_core.metrics.mig reckons, fast enough to follow a slider.

const BINS = 20;

export class Gap {
  /** `means` [N · latents] of the codes, `factors` [N · count] whole numbers from 0; `active` latents are looked at. */
  constructor(means, latents, active, factors, count) {
    Object.assign(this, { means, latents, active, size: means.length / latents });
    this.factors = Array.from({ length: count }, (_, k) => Uint8Array.from({ length: this.size }, (_, n) => factors[n * count + k]));
    this.kinds = this.factors.map((factor) => factor.reduce((most, value) => Math.max(most, value), 0) + 1);
    this.entropies = this.factors.map((factor, k) => entropyOf(counted(factor, this.kinds[k]), this.size));
    this.values = new Float64Array(this.size);
    this.binned = new Uint8Array(this.size);
    this.still = new Map(active.map((i) => [i, this.informationOf((n) => means[n * latents + i])]));
  }

  /** The MIG after latents a and b were turned by an angle in radians. */
  turned(a, b, angle) {
    const { means, latents } = this;
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    const rows = this.active.map((i) => {
      if (i === a) return this.informationOf((n) => means[n * latents + a] * cosine - means[n * latents + b] * sine);
      if (i === b) return this.informationOf((n) => means[n * latents + a] * sine + means[n * latents + b] * cosine);
      return this.still.get(i);
    });
    const gaps = this.entropies.map((entropy, k) => {
      const [most, second] = rows.map((row) => row[k]).sort((x, y) => y - x);
      return (most - second) / entropy;
    });
    return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  }

  /** Mutual information in nats of one coordinate, cut into 20 bins of equal width, with every factor. */
  informationOf(coordinate) {
    const { values, binned, size } = this;
    let [low, high] = [Infinity, -Infinity];
    for (let n = 0; n < size; n += 1) {
      values[n] = coordinate(n);
      low = Math.min(low, values[n]);
      high = Math.max(high, values[n]);
    }
    for (let n = 0; n < size; n += 1) binned[n] = Math.min(BINS - 1, Math.floor((BINS * (values[n] - low)) / (high - low || 1)));
    const own = entropyOf(counted(binned, BINS), size);
    return this.factors.map((factor, k) => {
      const table = new Uint32Array(BINS * this.kinds[k]);
      for (let n = 0; n < size; n += 1) table[binned[n] * this.kinds[k] + factor[n]] += 1;
      return Math.max(own + this.entropies[k] - entropyOf(table, size), 0);
    });
  }
}

function counted(values, kinds) {
  const counts = new Uint32Array(kinds);
  for (const value of values) counts[value] += 1;
  return counts;
}

function entropyOf(counts, size) {
  let sum = 0;
  for (const count of counts) if (count) sum -= (count / size) * Math.log(count / size);
  return sum;
}
