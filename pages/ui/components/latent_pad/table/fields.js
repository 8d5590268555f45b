// The columns of a table: where their entries of x are, what a decoded row says in original units, and how two rows differ.

import { tr } from "../../words.js";

const LARGEST_PLAIN = 1e12; // larger numbers, and columns that vary by less than the other, are written with a power of ten
const SMALLEST_PLAIN = 1e-6;
const NOTABLE = 0.1; // standard deviations of the column

/** Columns with the place of their entries in x [D], start to end, and `write(value)` for numbers in original units. */
export function fieldsOf(columns, probabilities) {
  let place = 0;
  return columns.map((column) => {
    const start = place;
    const isNumeric = column.kind === "numeric";
    place += isNumeric ? 1 : column.categories.length;
    return { ...column, start, end: place, isNumeric, probabilities, write: isNumeric ? writer(column) : null };
  });
}

/** Whether rows are points in the plane: two columns, both of numbers. */
export function isPlane(columns) {
  return columns?.length === 2 && columns.every(({ kind }) => kind === "numeric");
}

/** Writes numbers as finely as a thirtieth of the column's standard deviation can be told. */
function writer({ scale, low, high }) {
  const decimals = Math.min(Math.max(Math.ceil(1.5 - Math.log10(scale)), 0), 6);
  const plain = new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: "min2" });
  const isPlain = scale >= SMALLEST_PLAIN && Math.max(-low, high) < LARGEST_PLAIN;
  return (value) => (isPlain && Math.abs(value) < LARGEST_PLAIN ? plain.format(value) : value.toExponential(2)).replace("-", "−");
}

/** An entry of x in the units of its column. */
export function original({ mean, scale, start }, values) {
  return mean + scale * values[start];
}

/** Where the likeliest category of a field has its score among the values of a row. */
export function likeliest({ start, end }, values) {
  let best = start;
  for (let k = start; k < end; k += 1) if (values[k] > values[best]) best = k;
  return best;
}

/**
 * What a decoded row says of a column: its `text`; `place`, the entry of x that the bar shows; and `flag`, a sentence
 * if the number lies outside the data's range by so much that it can be read.
 */
export function read(field, values) {
  if (!field.isNumeric) {
    const place = likeliest(field, values);
    const score = field.probabilities ? ` ${Math.round(100 * clamp(values[place]))} %` : "";
    return { text: `${field.categories[place - field.start]}${score}`, place, flag: "" };
  }
  const value = original(field, values);
  return { text: field.write(value), place: field.start, flag: outside(field, value) };
}

function outside({ low, high, whole, write }, value) {
  const limit = (extreme) => (whole ? write(extreme).replace(/\.0+$/, "") : write(extreme));
  if (value > high && write(value) !== write(high)) return `▲ ${tr("above the data's {limit}", { limit: limit(high) })}`;
  if (value < low && write(value) !== write(low)) return `▼ ${tr("below the data's {limit}", { limit: limit(low) })}`;
  return "";
}

/** The length of a bar for an entry of x, 0 to 1: from the data's smallest number to the largest, or the score of a name. */
export function share(field, values, place) {
  if (!field.isNumeric) return clamp(values[place]);
  const { low, high } = field;
  return high > low ? clamp((original(field, values) - low) / (high - low)) : 0.5;
}

/**
 * How a row differs from the reference: `text` ("+1.2", "was gas", or nothing), `isNotable`, and `size` to rank by: for
 * numbers in standard deviations of the column, for names twice the total variation of the scores.
 */
export function compare(field, values, reference) {
  if (field.isNumeric) {
    const size = Math.abs(values[field.start] - reference[field.start]);
    const difference = field.scale * (values[field.start] - reference[field.start]);
    const written = field.write(Math.abs(difference));
    if (written === field.write(0)) return { text: "", isNotable: false, size };
    return { text: `${difference < 0 ? "−" : "+"}${written}`, isNotable: size >= NOTABLE, size };
  }
  let size = 0;
  for (let k = field.start; k < field.end; k += 1) size += Math.abs(values[k] - reference[k]);
  const was = likeliest(field, reference);
  const isNotable = was !== likeliest(field, values);
  return { text: isNotable ? tr("was {category}", { category: field.categories[was - field.start] }) : "", isNotable, size };
}

/** Numbers of the fields, those that differ most from the reference first. */
export function byChange(fields, values, reference) {
  const sizes = fields.map((field) => compare(field, values, reference).size);
  return fields.map((_, k) => k).sort((a, b) => sizes[b] - sizes[a] || a - b);
}

/** A row in words: its largest changes against the reference, and what lies outside the data's range. */
export function describeRow(fields, values, reference, most = 5) {
  const changed = byChange(fields, values, reference)
    .map((k) => ({ field: fields[k], ...compare(fields[k], values, reference) }))
    .filter(({ text, isNotable }) => text && isNotable);
  const told = changed.slice(0, most).map(({ field, text }) => tr("{column} {change}, now {value}", { column: field.name, change: text, value: read(field, values).text }));
  const listed = (all, count) => all.join("; ") + (count > most ? tr("; and {count} more", { count: count - most }) : "");
  const changes = told.length ? tr("Largest changes against the reference: {columns}.", { columns: listed(told, changed.length) }) : tr("No notable change against the reference.");
  const flagged = fields.map((field) => [field, read(field, values)]).filter(([, { flag }]) => flag);
  const beyond = flagged.slice(0, most).map(([field, { text, flag }]) => `${field.name} ${text}, ${flag.slice(2)}`);
  return beyond.length ? `${changes} ${tr("Outside the data's range: {columns}.", { columns: listed(beyond, flagged.length) })}` : changes;
}

function clamp(value) {
  return Math.min(Math.max(value, 0), 1);
}
