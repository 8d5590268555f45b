// Arrays of pixels onto canvases.

/** A reconstruction, float values [C, H, W] in [0, 1]. */
export function paintReconstruction(canvas, values, [channels, height, width]) {
  const area = height * width;
  const last = channels - 1;
  paint(canvas, width, height, (pixel, channel) => values[Math.min(channel, last) * area + pixel] * 255);
}

/** Picture number k of a block of thumbnails, bytes [n, H, W, C]. */
export function paintThumbnail(canvas, { pixels, side, channels }, k) {
  const start = k * side * side * channels;
  const last = channels - 1;
  paint(canvas, side, side, (pixel, channel) => pixels[start + pixel * channels + Math.min(channel, last)]);
}

function paint(canvas, width, height, value) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) image.data[4 * pixel + channel] = value(pixel, channel) + 0.5;
    image.data[4 * pixel + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
