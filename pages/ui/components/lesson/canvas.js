// A canvas made ready to be drawn on in the pixels of the page.

/** { context, width, height, style } of a canvas as large as it is shown, and empty; null while it is not shown. */
export function ready(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return null;
  const ratio = devicePixelRatio || 1;
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return { context, width, height, style: getComputedStyle(canvas) };
}
