// A decoded row of a table onto a canvas: every column in its original units, as a bar between the data's extremes.

const MOST_ROWS = 24;
const WIDTH = 460;
const ROW = 28;
const NAME = 0.32;
const VALUE = 0.3;

/** A function that paints decoded values [D] of these columns; with `probabilities` the scores of names are such. */
export function profilePainter(columns, probabilities) {
  let place = 0;
  const fields = columns.map((column) => {
    const start = place;
    place += column.kind === "numeric" ? 1 : column.categories.length;
    return { ...column, start, end: place, probabilities };
  });
  const shown = fields.slice(0, MOST_ROWS);
  return (canvas, values) => {
    const scale = window.devicePixelRatio || 1;
    const height = ROW * (shown.length + (fields.length > shown.length ? 1 : 0));
    canvas.classList.add("lp-profile");
    Object.assign(canvas, { width: WIDTH * scale, height: height * scale });
    canvas.style.aspectRatio = `${WIDTH} / ${height}`;
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const colours = { text: style.color, bar: style.getPropertyValue("--st-primary-color"), line: style.borderColor };
    context.font = `14px ${style.fontFamily}`;
    context.textBaseline = "middle";
    shown.forEach((field, k) => paintField(context, field, values, (k + 0.5) * ROW, colours));
    if (fields.length > shown.length) {
      context.fillStyle = colours.text;
      context.fillText(`the first ${shown.length} of ${fields.length} columns`, 8, (shown.length + 0.5) * ROW);
    }
  };
}

function paintField(context, field, values, middle, colours) {
  const { text, share } = field.kind === "numeric" ? numeric(field, values) : category(field, values);
  const left = WIDTH * NAME;
  const width = WIDTH * (1 - NAME - VALUE) - 16;
  context.fillStyle = colours.text;
  context.textAlign = "left";
  context.fillText(field.name, 8, middle, left - 16);
  context.fillText(text, left + width + 12, middle, WIDTH * VALUE);
  context.fillStyle = colours.line;
  context.fillRect(left, middle - 1, width, 2);
  context.fillStyle = colours.bar;
  context.fillRect(left, middle - 6, Math.max(width * share, 1), 12);
}

/** In original units; the bar runs from the smallest to the largest value of the data. */
function numeric({ mean, scale, low, high, start }, values) {
  const value = mean + scale * values[start];
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return { text: Number(value.toPrecision(4)).toLocaleString("en"), share: Math.min(Math.max(share, 0), 1) };
}

/** The category of the largest score; the bar is that score, and told as a probability if it is one. */
function category({ categories, start, end, probabilities }, values) {
  let best = start;
  for (let k = start; k < end; k += 1) if (values[k] > values[best]) best = k;
  const share = Math.min(Math.max(values[best], 0), 1);
  return { text: `${categories[best - start]}${probabilities ? ` ${Math.round(100 * share)} %` : ""}`, share };
}
