// The codes of a dataset, its labels, and the pictures that lie nearest to a point.

import { later, tr } from "../words.js";

const GOLDEN = 0.618034; // its multiples spread evenly over [0, 1), in whatever order the labels come
const DECODED = { "at the pointer": later("Decoded at the pointer"), "at the handle": later("Decoded at the handle") };

/** A plane through latent space, spanned by two orthonormal rows: what the map shows of L dimensions. */
export class Plane {
  hasInverse = true;

  constructor(rows, centre) {
    this.rows = rows;
    this.centre = centre;
  }

  /** How many of the two axes are directions of latent space: 1 where there is one latent. */
  get directions() {
    return this.rows.filter((row) => !isNone(row)).length;
  }

  /** Latent -> [u, v] on the plane. */
  project(z) {
    return this.rows.map((row) => row.reduce((sum, weight, i) => sum + weight * (z[i] - this.centre[i]), 0));
  }

  /** The latent over (u, v) that agrees with z in every direction off the plane. */
  lift(u, v, z) {
    const [u0, v0] = this.project(z);
    return z.map((value, i) => value + (u - u0) * this.rows[0][i] + (v - v0) * this.rows[1][i]);
  }

  /** The latent so far across and up from z. */
  step(z, du, dv) {
    const [u, v] = this.project(z);
    return this.lift(u + du, v + dv, z);
  }

  /** What is decoded, in words: `where` says who looks, as "at the pointer". */
  words(where) {
    return tr(DECODED[where]);
  }
}

/** Codes with labels, and for as many as fit the thumbnails. */
export class Samples {
  constructor(means, stds, labels, latents) {
    this.means = means;
    this.stds = stds;
    this.labels = labels;
    this.latents = latents;
    this.count = labels.length;
    this.thumbnails = null;
  }

  static async fetch(data) {
    const buffer = await fetchBytes(data.codes.url);
    const { count } = data.codes;
    const means = new Float32Array(buffer, 0, count * data.latents);
    const stds = new Float32Array(buffer, means.byteLength, count * data.latents);
    return new Samples(means, stds, new Int32Array(buffer, 2 * means.byteLength, count), data.latents);
  }

  /** Load the pictures that "nearest sample" shows while dragging, before anybody drags. */
  async fetchThumbnails({ url, side, channels, count }) {
    const pixels = new Uint8Array(await fetchBytes(url));
    this.thumbnails = { pixels, side, channels, count };
  }

  /** Codes on a plane: two Float32Arrays. Along a direction that is none they are spread, so that each can be seen. */
  project(plane) {
    if (!plane.hasInverse) return plane.axes;
    const axes = [new Float32Array(this.count), new Float32Array(this.count)];
    axes.forEach((values, axis) => {
      const row = plane.rows[axis];
      if (isNone(row)) return values.forEach((_, n) => (values[n] = spread(n)));
      const shift = row.reduce((sum, weight, i) => sum + weight * plane.centre[i], 0);
      for (let n = 0; n < this.count; n += 1) {
        let sum = -shift;
        for (let i = 0; i < this.latents; i += 1) sum += row[i] * this.means[n * this.latents + i];
        values[n] = sum;
      }
    });
    return axes;
  }

  /** A code on a plane: its mean [u, v] and the covariance [uu, uv, vv] of its posterior there. */
  onPlane(n, plane) {
    if (!plane.hasInverse) return { mean: plane.place(n), covariance: [0, 0, 0] };
    const { means, stds, latents } = this;
    const [across, up] = plane.rows;
    let [u, v, uu, uv, vv] = [0, 0, 0, 0, 0];
    for (let i = 0, place = n * latents; i < latents; i += 1, place += 1) {
      const away = means[place] - plane.centre[i];
      const variance = stds[place] * stds[place];
      u += across[i] * away;
      v += up[i] * away;
      uu += across[i] * across[i] * variance;
      uv += across[i] * up[i] * variance;
      vv += up[i] * up[i] * variance;
    }
    return { mean: [isNone(across) ? spread(n) : u, isNone(up) ? spread(n) : v], covariance: [uu, uv, vv] };
  }

  /** How many samples "nearest" looks through: those whose picture is here, or all. */
  get searched() {
    return this.thumbnails ? this.thumbnails.count : this.count;
  }

  /** The samples (with that label, if one is given and any has it) whose codes are nearest to z: [{ index, thumbnail, distance }]. */
  nearest(z, most, label = null) {
    const { means, latents, count, searched } = this;
    const found = []; // nearest first
    let limit = Infinity;
    for (let k = 0; k < searched; k += 1) {
      const index = Math.floor((k * count) / searched);
      if (label !== null && this.labels[index] !== label) continue;
      const start = index * latents;
      let sum = 0;
      for (let i = 0; i < latents && sum < limit; i += 1) sum += (means[start + i] - z[i]) ** 2;
      if (sum >= limit) continue;
      let place = found.length;
      while (place > 0 && found[place - 1].sum > sum) place -= 1;
      found.splice(place, 0, { index, thumbnail: k, sum });
      if (found.length > most) found.pop();
      if (found.length === most) limit = found[most - 1].sum;
    }
    if (found.length === 0 && label !== null) return this.nearest(z, most);
    return found.map(({ index, thumbnail, sum }) => ({ index, thumbnail, distance: Math.sqrt(sum) }));
  }

  code(index) {
    return this.means.slice(index * this.latents, (index + 1) * this.latents);
  }

  /** Numbers of the samples that are wanted. */
  where(isWanted) {
    return Array.from({ length: this.count }, (_, n) => n).filter(isWanted);
  }

  /** The mean of some samples' codes. */
  meanOf(numbers) {
    const sum = Array(this.latents).fill(0);
    for (const n of numbers) for (let i = 0; i < this.latents; i += 1) sum[i] += this.means[n * this.latents + i];
    return sum.map((value) => value / numbers.length);
  }
}

/** Whether a row of a plane is no direction. */
function isNone(row) {
  return row.every((weight) => weight === 0);
}

/** Where a code stands along no direction. */
function spread(n) {
  return ((n * GOLDEN) % 1) - 0.5;
}

async function fetchBytes(url) {
  const response = await fetch(new URL(url, document.baseURI));
  if (!response.ok) throw new Error((await response.text()).slice(0, 200));
  return response.arrayBuffer();
}
