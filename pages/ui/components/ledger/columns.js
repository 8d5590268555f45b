// A row of a table: every column's value, its reconstruction, and what it adds to the reconstruction loss.

import { fieldsOf, read } from "../latent_pad/table/fields.js";
import { tr, trn } from "../words.js";
import { Bars } from "./bars.js";
import { sum } from "./words.js";

export class Columns {
  constructor(parent, { columns, probabilities }) {
    this.fields = fieldsOf(columns, probabilities);
    this.plain = fieldsOf(columns, false);
    this.bars = new Bars(parent, tr("The reconstruction loss of every column, in nats."), [tr("column"), tr("value → reconstruction"), "", tr("nats"), ""]);
  }

  /** Arrays [D]; returns what the drawn numbers sum up to. */
  show({ x, decoded, reconstruction }) {
    const rows = this.fields.map((field, k) => ({
      name: field.name,
      detail: `${read(this.plain[k], x).text} → ${read(field, decoded).text}`,
      value: sum(reconstruction.subarray(field.start, field.end)),
    }));
    this.bars.show(rows, (count) => trn("the other {count} column", "the other {count} columns", count));
    return sum(rows.map(({ value }) => value));
  }
}
