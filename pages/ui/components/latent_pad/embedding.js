// A map without a way back, as t-SNE makes one: every sample has a place on it, and between them lies nothing.
// It does for the pad what a Plane does, from sample to sample.

import { tr } from "../words.js";

const SAME = 1e-3; // a code as it stands in a link differs by no more

export class Embedding {
  hasInverse = false;

  /** `places` are u and v of every sample, in turn; Float32Array [2 N]. */
  constructor(samples, places) {
    this.samples = samples;
    this.axes = [0, 1].map((axis) => Float32Array.from({ length: samples.count }, (_, n) => places[2 * n + axis]));
    this.cells = new Cells(...this.axes);
    this.found = 0;
  }

  /** Where a sample stands. */
  place(n) {
    return [this.axes[0][n], this.axes[1][n]];
  }

  /** Latent -> [u, v] of the sample whose code is nearest to it. */
  project(z) {
    return this.place(this.nearestTo(z).index);
  }

  /** The code of the sample nearest to (u, v) on the map. */
  lift(u, v) {
    return this.take(this.cells.nearest(u, v));
  }

  /** The code of the next sample from where z is shown, in a direction of the map and at least so far on. */
  step(z, du, dv) {
    const [u, v] = this.project(z);
    const length = Math.hypot(du, dv);
    let [best, least] = [this.found, Infinity];
    for (let n = 0; n < this.samples.count; n += 1) {
      const [a, b] = [this.axes[0][n] - u, this.axes[1][n] - v];
      const along = (a * du + b * dv) / length;
      const aside = Math.abs(a * dv - b * du) / length;
      if (along < length || aside > along || along + aside >= least) continue;
      [best, least] = [n, along + aside];
    }
    return this.take(best);
  }

  take(n) {
    this.found = n;
    return [...this.samples.code(n)];
  }

  /** The sample with the nearest code, { index, distance }; the one found last is tried first, so that most others are passed over at once. */
  nearestTo(z) {
    const { means, latents, count } = this.samples;
    const away = (n, limit) => {
      let sum = 0;
      for (let i = 0, place = n * latents; i < latents && sum < limit; i += 1, place += 1) sum += (means[place] - z[i]) ** 2;
      return sum;
    };
    let least = away(this.found, Infinity);
    for (let n = 0; n < count && least > 0; n += 1) {
      const sum = away(n, least);
      if (sum < least) [this.found, least] = [n, sum];
    }
    return { index: this.found, distance: Math.sqrt(least) };
  }

  /** What is decoded, in words: `where` says who looks, as "at the pointer". */
  words(where, z, labels) {
    const { index, distance } = this.nearestTo(z);
    const label = labels[this.samples.labels[index]];
    const sample = label ? tr("sample {number} ({label})", { number: index + 1, label }) : tr("sample {number}", { number: index + 1 });
    if (distance >= SAME) return tr("Decoded beside the handle, which stands at the nearest {sample}, {distance} away", { sample, distance: distance.toPrecision(2) });
    return where === "at the pointer" ? tr("Decoded {sample}, nearest to the pointer", { sample }) : tr("Decoded {sample}, at the handle", { sample });
  }
}

/** Places sorted into square cells, about one a cell: the nearest is found among few. */
class Cells {
  constructor(u, v) {
    Object.assign(this, { u, v, low: [smallest(u), smallest(v)] });
    const [width, height] = [u, v].map((values, axis) => -smallest(values.map((x) => -x)) - this.low[axis]);
    this.side = Math.max(width, height, 1e-9) / Math.ceil(Math.sqrt(u.length));
    this.columns = Math.floor(width / this.side) + 1;
    this.rows = Math.floor(height / this.side) + 1;
    const cell = Uint32Array.from(u, (_, n) => this.row(v[n]) * this.columns + this.column(u[n]));
    this.starts = new Uint32Array(this.columns * this.rows + 1); // of each cell's part of `members`
    for (const c of cell) this.starts[c + 1] += 1;
    for (let c = 0; c < this.columns * this.rows; c += 1) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    this.members = new Uint32Array(u.length);
    cell.forEach((c, n) => (this.members[next[c]++] = n));
  }

  column(u) {
    return Math.min(Math.max(Math.floor((u - this.low[0]) / this.side), 0), this.columns - 1);
  }

  row(v) {
    return Math.min(Math.max(Math.floor((v - this.low[1]) / this.side), 0), this.rows - 1);
  }

  /** The number of the place nearest to (u, v): ring by ring of cells, until none further out can be nearer. */
  nearest(u, v) {
    const [column, row] = [this.column(u), this.row(v)];
    // from outside, a place in a later ring is at least so far as from the rim
    const rim = [0, 1].map((axis) => [u, v][axis] - Math.min(Math.max([u, v][axis], this.low[axis]), this.low[axis] + [this.columns, this.rows][axis] * this.side));
    const outside = rim[0] ** 2 + rim[1] ** 2;
    let [best, least] = [0, Infinity];
    const look = (c) => {
      for (let k = this.starts[c]; k < this.starts[c + 1]; k += 1) {
        const n = this.members[k];
        const sum = (this.u[n] - u) ** 2 + (this.v[n] - v) ** 2;
        if (sum < least) [best, least] = [n, sum];
      }
    };
    for (let ring = 0; ring <= Math.max(this.columns, this.rows); ring += 1) {
      for (let r = Math.max(row - ring, 0); r <= Math.min(row + ring, this.rows - 1); r += 1) {
        const isEdge = Math.abs(r - row) === ring;
        for (let c = column - ring; c <= column + ring; c += isEdge ? 1 : 2 * ring) if (c >= 0 && c < this.columns) look(r * this.columns + c);
      }
      if (least <= (ring * this.side) ** 2 + outside) return best;
    }
    return best;
  }
}

function smallest(values) {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}
