// Points drawn at random: from the prior, or for an autoencoder from around its codes.

const AROUND = 0.1; // an autoencoder's draw is a code plus noise of so much of the codes' spread

export function randomLatent({ prior, ranges }, samples) {
  if (prior) {
    const largest = Math.max(...prior.logits);
    const k = choose(prior.logits.map((logit) => Math.exp(logit - largest)));
    return prior.mean[k].map((mean, i) => mean + prior.std[k][i] * normal());
  }
  const code = samples.code(Math.floor(Math.random() * samples.count));
  return [...code].map((value, i) => value + ((AROUND * (ranges[i][1] - ranges[i][0])) / 4) * normal());
}

function choose(weights) {
  let left = Math.random() * weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(weights.findIndex((weight) => (left -= weight) <= 0), 0);
}

/** Box & Muller 1958. */
export function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
