// Colours of a loss: 0 is dark; above it towards yellow, and where a density makes losses negative, below it towards blue.

const ABOVE = [[12, 10, 32], [92, 20, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]];
const BELOW = [[12, 10, 32], [24, 60, 130], [40, 120, 200], [120, 190, 250], [215, 240, 255]];

/** The range of the scale for some values: from 0, or as far below 0 as above. */
export function rangeOf(values) {
  let [low, high] = [0, 0];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const largest = Math.max(-low, high) || 1;
  return [low < 0 ? -largest : 0, largest];
}

/** [red, green, blue] of a value. */
export function colourOf(value, largest) {
  const stops = value < 0 ? BELOW : ABOVE;
  const place = Math.min(Math.abs(value) / largest, 1) * (stops.length - 1);
  const k = Math.min(Math.floor(place), stops.length - 2);
  return stops[k].map((from, channel) => from + (place - k) * (stops[k + 1][channel] - from));
}

/** The scale as a CSS background. */
export function gradient(isBothWays) {
  const stops = isBothWays ? [...BELOW.slice(1).reverse(), ...ABOVE] : ABOVE;
  return `linear-gradient(to right, ${stops.map((stop) => `rgb(${stop.join()})`).join()})`;
}
