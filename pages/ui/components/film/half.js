// Half precision: browsers older than 2025 have no Float16Array.

let table = null;

/** The numbers of IEEE 754 half-precision words, as float32. */
export function halves(words) {
  table ??= Float32Array.from({ length: 65_536 }, (_, word) => value(word));
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i += 1) values[i] = table[words[i]];
  return values;
}

function value(word) {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
