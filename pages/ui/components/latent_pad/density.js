// Densities of latent space: mixtures of normals with diagonal covariances, evaluated while a point is dragged.
// The same as vae_core/latents/density.py, which says where it comes from.

const HALF_LOG_2_PI = 0.5 * Math.log(2 * Math.PI);
const NEGLIGIBLE = 40; // e^-40 of the largest term is lost in the rounding

/** Σ_k w_k N(mean_k, diag std_k²): K components over L dimensions, row after row. */
export class Mixture {
  constructor(means, stds, latents, logWeights = null) {
    this.means = means;
    this.latents = latents;
    this.count = means.length / latents;
    this.precision = Float32Array.from(stds, (std) => 1 / std);
    this.constants = new Float64Array(this.count);
    for (let k = 0; k < this.count; k += 1) {
      let constant = logWeights ? logWeights[k] : -Math.log(this.count);
      for (let i = 0; i < latents; i += 1) constant -= Math.log(stds[k * latents + i]) + HALF_LOG_2_PI;
      this.constants[k] = constant;
    }
  }

  /** Of at most so many evenly chosen components, as an even mixture. */
  static even(means, stds, latents, most) {
    const count = means.length / latents;
    if (count <= most) return new Mixture(means, stds, latents);
    const rows = Int32Array.from({ length: most }, (_, k) => Math.floor((k * count) / most));
    const take = (values) => Float32Array.from({ length: most * latents }, (_, n) => values[rows[Math.floor(n / latents)] * latents + (n % latents)]);
    return new Mixture(take(means), take(stds), latents);
  }

  /** log density at z, in nats. */
  logDensity(z) {
    const { means, precision, constants, latents, count } = this;
    let largest = -Infinity;
    let sum = 0; // of exp(term - largest)
    for (let k = 0, place = 0; k < count; k += 1, place += latents) {
      let term = constants[k];
      for (let i = 0; i < latents; i += 1) {
        const away = (z[i] - means[place + i]) * precision[place + i];
        term -= 0.5 * away * away;
      }
      if (term <= largest) {
        if (term > largest - NEGLIGIBLE) sum += Math.exp(term - largest);
      } else {
        sum = sum * Math.exp(largest - term) + 1;
        largest = term;
      }
    }
    return largest + Math.log(sum);
  }
}

/** p(z) as the server describes it; null for an autoencoder, which has none. */
export function priorOf(prior, latents) {
  if (!prior) return null;
  const largest = Math.max(...prior.logits);
  const total = largest + Math.log(prior.logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return new Mixture(Float32Array.from(prior.mean.flat()), Float32Array.from(prior.std.flat()), latents, prior.logits.map((logit) => logit - total));
}

/** The share of the data's codes that lie no more densely; `usual` are quantiles of their log densities. */
export function trust(logDensity, usual) {
  const last = usual.length - 1;
  if (!(logDensity >= usual[0])) return 0;
  if (logDensity >= usual[last]) return 1;
  let k = 0;
  while (usual[k + 1] <= logDensity) k += 1;
  return (k + (logDensity - usual[k]) / (usual[k + 1] - usual[k])) / last;
}
