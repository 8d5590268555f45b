// The ways from A to B that take no server to find: the straight line and the sphere, as `vae_core/latents/paths.py` has them.

const STEPS = 48;
const LEAST_ANGLE = 1e-4;

/** { linear, spherical }, each { latents, speed, length }; `decode(z)` gives the picture's values. */
export async function nearbyWays(a, b, decode) {
  const ways = { linear: line(a, b), spherical: slerp(a, b) };
  const found = {};
  for (const [name, latents] of Object.entries(ways)) {
    const speed = [];
    let before = await decode(latents[0]);
    for (const z of latents.slice(1)) {
      const after = await decode(z);
      speed.push(Math.sqrt(after.reduce((sum, value, i) => sum + (value - before[i]) ** 2, 0)));
      before = after;
    }
    found[name] = { latents, speed, length: speed.reduce((sum, value) => sum + value, 0) };
  }
  return found;
}

export function line(a, b, steps = STEPS) {
  return times(steps, (t) => a.map((value, i) => value + t * (b[i] - value)));
}

/** Shoemake 1985; nearly parallel or opposite ends are joined by the line. */
export function slerp(a, b, steps = STEPS) {
  const lengths = Math.hypot(...a) * Math.hypot(...b);
  const cosine = lengths > 0 ? a.reduce((sum, value, i) => sum + value * b[i], 0) / lengths : 1;
  const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
  if (angle < LEAST_ANGLE || Math.PI - angle < LEAST_ANGLE) return line(a, b, steps);
  return times(steps, (t) => a.map((value, i) => (Math.sin((1 - t) * angle) * value + Math.sin(t * angle) * b[i]) / Math.sin(angle)));
}

function times(steps, at) {
  return Array.from({ length: steps + 1 }, (_, k) => at(k / steps));
}
