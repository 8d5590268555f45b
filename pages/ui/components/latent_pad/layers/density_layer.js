// The aggregate posterior on the plane of the map, and its holes.

const CELLS = 128; // across the wider side
const REACH = 3.5; // standard deviations that a posterior is drawn out to
const BANDS = [0.02, 0.1, 0.3, 0.6, 0.9]; // shares of the codes outside each band
const HOLE = 0.01; // a hole is less dense than at this share of the codes
const REGION = [0, 3.841, 5.991]; // chi-square with so many degrees of freedom, 95 %

/**
 * The marginal density of q(z) on a plane: each posterior N(mean, diag std²) becomes a normal with covariance
 * P diag(std²) Pᵀ. Returned as { values, columns, rows, at(u, v) } over a view's ranges.
 */
export function densityGrid(samples, plane, view, most) {
  const { u: [u0, u1], v: [v0, v1] } = view;
  const cell = Math.max(u1 - u0, v1 - v0) / CELLS;
  const columns = Math.max(Math.round((u1 - u0) / cell), 1);
  const rows = Math.max(Math.round((v1 - v0) / cell), 1);
  const [du, dv] = [(u1 - u0) / columns, (v1 - v0) / rows];
  const values = new Float64Array(columns * rows);
  const count = Math.min(samples.count, most);
  const weight = 1 / count;
  for (let k = 0; k < count; k += 1) {
    const n = Math.floor((k * samples.count) / count);
    const { mean: [mu, mv], covariance: [a, b, d] } = samples.onPlane(n, plane);
    // a posterior narrower than a cell would fall between the grid's points
    const [suu, svv] = [a + (0.6 * du) ** 2, d + (0.6 * dv) ** 2];
    const determinant = suu * svv - b * b;
    const [reachU, reachV] = [REACH * Math.sqrt(suu), REACH * Math.sqrt(svv)];
    const [left, right] = [Math.max(Math.ceil((mu - reachU - u0) / du - 0.5), 0), Math.min(Math.floor((mu + reachU - u0) / du - 0.5), columns - 1)];
    const [low, high] = [Math.max(Math.ceil((mv - reachV - v0) / dv - 0.5), 0), Math.min(Math.floor((mv + reachV - v0) / dv - 0.5), rows - 1)];
    const peak = weight / (2 * Math.PI * Math.sqrt(determinant));
    for (let row = low; row <= high; row += 1) {
      const y = v0 + (row + 0.5) * dv - mv;
      for (let column = left; column <= right; column += 1) {
        const x = u0 + (column + 0.5) * du - mu;
        values[row * columns + column] += peak * Math.exp(-0.5 * ((svv * x * x - 2 * b * x * y + suu * y * y) / determinant));
      }
    }
  }
  const at = (u, v) => {
    const [column, row] = [Math.floor((u - u0) / du), Math.floor((v - v0) / dv)];
    return column < 0 || row < 0 || column >= columns || row >= rows ? 0 : values[row * columns + column];
  };
  return { values, columns, rows, du, dv, u0, v0, at };
}

/** Densities below which lie the given shares of the codes in view. */
export function usualOn(grid, samples, plane, shares) {
  const found = [];
  const step = Math.max(Math.floor(samples.count / 4000), 1);
  for (let n = 0; n < samples.count; n += step) {
    const { mean } = samples.onPlane(n, plane);
    const density = grid.at(...mean);
    if (density > 0) found.push(density);
  }
  found.sort((a, b) => a - b);
  return shares.map((share) => found[Math.floor(share * (found.length - 1))] ?? 0);
}

class OnGrid {
  static fits = () => true;
  static needsInverse = true;
  static above = false;
  dependsOn = ["plane", "view"];

  constructor(pad) {
    this.pad = pad;
  }

  prepare(view) {
    const { samples, plane, data } = this.pad;
    this.grid = densityGrid(samples, plane, view, data.live_codes);
    this.image = this.draw(this.grid, samples, plane);
  }

  /** A canvas of one pixel a cell, `colour(density, u, v)` -> [r, g, b, alpha] or null. */
  picture({ values, columns, rows, du, dv, u0, v0 }, colour) {
    const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
    const context = canvas.getContext("2d");
    const image = context.createImageData(columns, rows);
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const found = colour(values[row * columns + column], u0 + (column + 0.5) * du, v0 + (row + 0.5) * dv);
        if (found) image.data.set(found, 4 * ((rows - 1 - row) * columns + column));
      }
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }

  paint(context, view) {
    if (!this.image) return;
    const { u0, v0, du, dv, columns, rows } = this.grid;
    const [left, top] = [view.x(u0), view.y(v0 + rows * dv)];
    context.imageSmoothingEnabled = this.smooth;
    context.drawImage(this.image, left, top, view.x(u0 + columns * du) - left, view.y(v0) - top);
  }

  stop() {}
}

export class DensityLayer extends OnGrid {
  smooth = true;

  draw(grid, samples, plane) {
    const bands = usualOn(grid, samples, plane, BANDS);
    return this.picture(grid, (density) => {
      const band = bands.filter((limit) => density >= limit).length;
      return band ? [110, 130, 175, 26 + 26 * band] : null;
    });
  }
}

export class HoleLayer extends OnGrid {
  smooth = false;

  draw(grid, samples, plane) {
    const [limit] = usualOn(grid, samples, plane, [HOLE]);
    const inside = hasStandardPrior(this.pad.data) ? standardRegion(plane) : codesRegion(samples, plane);
    // a chequered red, so that it is told from the dots' colours without seeing red
    let cell = 0;
    return this.picture(grid, (density, u, v) => {
      cell += 1;
      if (density >= limit || !inside(u, v)) return null;
      return [200, 40, 40, (cell + Math.floor(cell / grid.columns)) % 2 ? 110 : 30];
    });
  }
}

/** Whether codes are led to N(0, I); else, as those of an autoencoder, they may lie anywhere. */
export function hasStandardPrior({ prior }) {
  return prior?.logits.length === 1;
}

/** Where 95 % of N(0, I) lies on a plane; along an axis that is no direction there is nothing to lie far out on. */
export function standardRegion(plane) {
  const [u0, v0] = plane.project(Array(plane.centre.length).fill(0));
  const limit = REGION[plane.directions];
  return (u, v) => (u - u0) ** 2 + (plane.directions === 2 ? (v - v0) ** 2 : 0) <= limit;
}

/** Where 95 % of a normal with the codes' mean and covariance lies. */
export function codesRegion(samples, plane) {
  let [su, sv, suu, suv, svv] = [0, 0, 0, 0, 0];
  for (let n = 0; n < samples.count; n += 1) {
    const { mean: [u, v] } = samples.onPlane(n, plane);
    su += u; sv += v; suu += u * u; suv += u * v; svv += v * v;
  } // prettier-ignore
  const [mu, mv] = [su / samples.count, sv / samples.count];
  const [a, b, d] = [suu / samples.count - mu * mu, suv / samples.count - mu * mv, svv / samples.count - mv * mv];
  const limit = REGION[plane.directions];
  if (plane.directions === 1) return (u) => (u - mu) ** 2 <= limit * a;
  const determinant = Math.max(a * d - b * b, 1e-12);
  return (u, v) => (d * (u - mu) ** 2 - 2 * b * (u - mu) * (v - mv) + a * (v - mv) ** 2) / determinant <= limit;
}
