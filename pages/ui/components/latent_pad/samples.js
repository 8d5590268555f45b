// The codes of a dataset, its labels, and the pictures that lie nearest to a point.

const GOLDEN = 0.618034; // its multiples spread evenly over [0, 1), in whatever order the labels come

/** A plane through latent space, spanned by two orthonormal rows: what the map shows of L dimensions. */
export class Plane {
  constructor(rows, centre) {
    this.rows = rows;
    this.centre = centre;
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
}

/** Codes with labels, and for as many as fit the thumbnails. */
export class Samples {
  constructor(means, labels, latents) {
    this.means = means;
    this.labels = labels;
    this.latents = latents;
    this.count = labels.length;
    this.thumbnails = null;
  }

  static async fetch(data) {
    const buffer = await fetchBytes(data.codes.url);
    const { count } = data.codes;
    const means = new Float32Array(buffer, 0, count * data.latents);
    return new Samples(means, new Int32Array(buffer, means.byteLength, count), data.latents);
  }

  /** Load the pictures that "nearest sample" shows while dragging, before anybody drags. */
  async fetchThumbnails({ url, side, channels, count }) {
    const pixels = new Uint8Array(await fetchBytes(url));
    this.thumbnails = { pixels, side, channels, count };
  }

  /** Codes on a plane: two Float32Arrays. Along a direction that is none they are spread, so that each can be seen. */
  project(plane) {
    const axes = [new Float32Array(this.count), new Float32Array(this.count)];
    axes.forEach((values, axis) => {
      const row = plane.rows[axis];
      if (row.every((weight) => weight === 0)) return values.forEach((_, n) => (values[n] = ((n * GOLDEN) % 1) - 0.5));
      const shift = row.reduce((sum, weight, i) => sum + weight * plane.centre[i], 0);
      for (let n = 0; n < this.count; n += 1) {
        let sum = -shift;
        for (let i = 0; i < this.latents; i += 1) sum += row[i] * this.means[n * this.latents + i];
        values[n] = sum;
      }
    });
    return axes;
  }

  /** How many samples "nearest" looks through: those whose picture is here, or all. */
  get searched() {
    return this.thumbnails ? this.thumbnails.count : this.count;
  }

  /** The sample (with that label, if one is given and any has it) whose code is nearest to z: { index, thumbnail, distance }. */
  nearest(z, label = null) {
    const { means, latents, count, searched } = this;
    let best = 0;
    let least = Infinity;
    for (let k = 0; k < searched; k += 1) {
      const index = Math.floor((k * count) / searched);
      if (label !== null && this.labels[index] !== label) continue;
      const start = index * latents;
      let sum = 0;
      for (let i = 0; i < latents && sum < least; i += 1) sum += (means[start + i] - z[i]) ** 2;
      if (sum < least) [least, best] = [sum, k];
    }
    if (label !== null && least === Infinity) return this.nearest(z);
    return { index: Math.floor((best * count) / searched), thumbnail: best, distance: Math.sqrt(least) };
  }

  code(index) {
    return this.means.slice(index * this.latents, (index + 1) * this.latents);
  }
}

async function fetchBytes(url) {
  const response = await fetch(new URL(url, location.origin));
  if (!response.ok) throw new Error((await response.text()).slice(0, 200));
  return response.arrayBuffer();
}
