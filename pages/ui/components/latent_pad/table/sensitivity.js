// Sensitivity: how fast a decoded row changes with each latent, ∂column/∂z, by central differences of the decoder.
// The same as directional_derivatives of vae_core/latents/geometry.py along the axes.

import { likeliest } from "./fields.js";

const STEP = 1e-3; // of the range of a slider: truncation and float32's rounding are then both below 1 in 1000

/**
 * The derivatives of x [D] along each latent, [L][D], at z; `decode(z)` gives x, and `ranges` are [low, high] of each
 * latent. 2 L decodes, one after the other; null as soon as `isStale()`.
 */
export async function jacobian(decode, z, ranges, isStale = () => false) {
  const columns = [];
  for (const [i, [low, high]] of ranges.entries()) {
    const step = STEP * (high - low);
    const forth = Float64Array.from(await decode(z.with(i, z[i] + step)));
    const back = await decode(z.with(i, z[i] - step));
    if (isStale()) return null;
    columns.push(forth.map((value, k) => (value - back[k]) / (2 * step)));
  }
  return columns;
}

/**
 * A row of numbers a field, one a latent: of numbers in standard deviations of the column per unit of z, as x is
 * standardised; of names the change of the score of the likeliest one, whose number among them is `name`.
 */
export function sensitivities(fields, values, derivatives) {
  return fields.map((field) => {
    const place = field.isNumeric ? field.start : likeliest(field, values);
    return { field, name: place - field.start, slopes: derivatives.map((column) => column[place]) };
  });
}
