// Weights of a place within a polygon: mean value coordinates (Floater 2003, "Mean value coordinates",
// https://doi.org/10.1016/S0167-8396(03)00002-5). They sum to one, give the place back from the corners, and are those
// of a triangle where the polygon is one.

const ON_IT = 1e-9;

/** Weights of the corners [[x, y], …] at a place [x, y]; one corner has all, two share by the place along their line. */
export function weightsAt(place, corners) {
  if (corners.length === 1) return [1];
  const away = corners.map(([x, y]) => [x - place[0], y - place[1]]);
  const distance = away.map(([x, y]) => Math.hypot(x, y));
  const last = corners.length;
  for (let k = 0; k < last; k += 1) {
    if (distance[k] < ON_IT) return corners.map((_, i) => (i === k ? 1 : 0));
    const next = (k + 1) % last;
    const onSide = Math.abs(cross(away[k], away[next])) < ON_IT && dot(away[k], away[next]) <= 0;
    if (last === 2 || onSide) return alongSide(place, corners, k, next);
  }
  const half = away.map((one, k) => tanOfHalf(one, away[(k + 1) % last], distance[k], distance[(k + 1) % last]));
  const raw = half.map((value, k) => (half[(k + last - 1) % last] + value) / distance[k]);
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((value) => value / sum);
}

/** The place within a convex polygon nearest to one that may lie outside. */
export function clampInto(place, corners) {
  if (corners.length === 1) return [...corners[0]];
  const isWithin = corners.length > 2 && corners.every((corner, k) => cross(minus(corners[(k + 1) % corners.length], corner), minus(place, corner)) >= 0);
  if (isWithin) return place;
  const nearest = corners.map((corner, k) => {
    const next = corners[(k + 1) % corners.length];
    const t = share(place, corner, next);
    return [corner[0] + t * (next[0] - corner[0]), corner[1] + t * (next[1] - corner[1])];
  });
  return nearest.reduce((best, one) => (Math.hypot(...minus(one, place)) < Math.hypot(...minus(best, place)) ? one : best));
}

function alongSide(place, corners, k, next) {
  const t = share(place, corners[k], corners[next]);
  return corners.map((_, i) => (i === k ? 1 - t : i === next ? t : 0));
}

function share(place, from, to) {
  const side = minus(to, from);
  return Math.min(Math.max(dot(minus(place, from), side) / Math.max(dot(side, side), ON_IT), 0), 1);
}

function tanOfHalf(a, b, lengthA, lengthB) {
  // tan(α / 2) = (1 − cos α) / sin α, here without the division by the lengths
  return (lengthA * lengthB - dot(a, b)) / cross(a, b);
}

function minus(a, b) {
  return [a[0] - b[0], a[1] - b[1]];
}

function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1];
}

function cross(a, b) {
  return a[0] * b[1] - a[1] * b[0];
}
