// The account: the reconstruction loss, each term, their sum, and beside it the number that training uses.

import { add } from "../latent_pad/elements.js";
import { tr } from "../words.js";
import { decimalsThatAddUp, small, written } from "./words.js";

export class Account {
  constructor(parent) {
    this.table = add(parent, "table", "el-account");
    this.verdict = add(parent, "p", "el-verdict");
  }

  /** Entries are [name, nats]; `loss` is training's number; returns the total. */
  show(entries, loss) {
    const { table } = this;
    table.replaceChildren();
    const total = entries.reduce((so_far, [, value]) => so_far + value, 0);
    this.decimals = decimalsThatAddUp(entries.map(([, value]) => value), total);
    entries.forEach(([name, value], k) => this.row(k ? `+ ${name.startsWith("−") ? `(${name})` : name}` : name, value));
    this.row(tr("= loss of this example"), total, "total");
    this.row(tr("the number that training uses"), loss, "loss");
    const difference = Math.abs(total - loss);
    const scale = Math.max(Math.abs(loss), ...entries.map(([, value]) => Math.abs(value)));
    this.verdict.textContent = difference ? tr("Adds up to {share} of the largest number: the rounding of 32 bits.", { share: small(difference / scale) }) : tr("Adds up exactly.");
    this.verdict.dataset.relative = difference / scale;
    return total;
  }

  row(name, value, kind = "part") {
    const row = add(this.table, "tr", `el-${kind}`);
    Object.assign(add(row, "th"), { scope: "row", textContent: name });
    Object.assign(add(add(row, "td", "el-number"), "data"), { value, textContent: written(value, this.decimals) });
  }
}
