// Arrays of pixels onto canvases.

/** A reconstruction, float values [C, H, W] in [0, 1]. */
export function paintReconstruction(canvas, values, [channels, height, width]) {
  const area = height * width;
  const last = channels - 1;
  paint(canvas, width, height, (pixel, channel) => values[Math.min(channel, last) * area + pixel] * 255);
}

/** A reconstruction as cell number k of a strip of so many. */
export function paintCell(canvas, values, [channels, height, width], k, cells) {
  if (canvas.width !== cells * width || canvas.height !== height) Object.assign(canvas, { width: cells * width, height });
  const area = height * width;
  const last = channels - 1;
  put(canvas, k * width, 0, width, height, (pixel, channel) => values[Math.min(channel, last) * area + pixel] * 255);
}

/** Several pictures of a block of thumbnails in a square of 2 × 2. */
export function paintFour(canvas, { pixels, side, channels }, numbers) {
  const gap = Math.max(Math.round(side / 28), 1);
  const width = 2 * side + gap;
  Object.assign(canvas, { width, height: width }); // which also clears it
  const last = channels - 1;
  numbers.forEach((number, k) => {
    const start = number * side * side * channels;
    const value = (pixel, channel) => pixels[start + pixel * channels + Math.min(channel, last)];
    put(canvas, (k % 2) * (side + gap), Math.floor(k / 2) * (side + gap), side, side, value);
  });
}

/** A reconstruction on a canvas of its own, to be drawn elsewhere. */
export function offscreen(values, shape) {
  const canvas = document.createElement("canvas");
  paintReconstruction(canvas, values, shape);
  return canvas;
}

/** Picture number k of a block of thumbnails likewise. */
export function thumbnailOffscreen({ pixels, side, channels }, k) {
  const canvas = document.createElement("canvas");
  const [start, last] = [k * side * side * channels, channels - 1];
  paint(canvas, side, side, (pixel, channel) => pixels[start + pixel * channels + Math.min(channel, last)]);
  return canvas;
}

/** Number of the thumbnail of sample n, where k of so many is sample floor(k · count / thumbnails); null if it has none. */
export function thumbnailOf(n, count, thumbnails) {
  const k = Math.ceil((n * thumbnails) / count);
  return k < thumbnails && Math.floor((k * count) / thumbnails) === n ? k : null;
}

function paint(canvas, width, height, value) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  put(canvas, 0, 0, width, height, value);
}

function put(canvas, left, top, width, height, value) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) image.data[4 * pixel + channel] = value(pixel, channel); // which rounds by itself
    image.data[4 * pixel + 3] = 255;
  }
  context.putImageData(image, left, top);
}
