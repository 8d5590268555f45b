// The sensitivity of every column of a table to every latent at the point, as a heat map.

import { add, button } from "../elements.js";
import { Latest } from "../latest.js";
import { jacobian, sensitivities } from "../table/sensitivity.js";
import { tr } from "../../words.js";

const MOST_ROWS = 40; // more are shown when asked for
const DEEPEST = 0.6; // of the cells' colours, so that numbers can be read on them
const STEP_SHARE = 0.05; // of a slider's range that a click on a cell moves along

export class SensitivityTool {
  constructor(panel, pad) {
    Object.assign(this, { panel, pad, latest: new Latest(), most: MOST_ROWS, rows: [] });
    const { data } = pad;
    const isStandard = data.prior?.logits.length === 1 && data.prior.mean[0].every((mean) => mean === 0) && data.prior.std[0].every((std) => std === 1);
    const hasNames = pad.table.fields.some(({ isNumeric }) => !isNumeric);
    const names = data.probabilities ? tr("; a column of names by the probability of its likeliest name") : tr("; a column of names by the score of its likeliest name");
    const told = { prior: isStandard ? tr(", which is one standard deviation of the prior") : "", names: hasNames ? names : "" };
    add(panel, "p", "lp-status").textContent = tr(
      "How fast each column changes with each latent at the point: in standard deviations of the column per unit of z{prior}{names}. Click a cell to move along its latent towards more of its column.",
      told,
    );
    const legend = add(panel, "div", "lp-heat-legend");
    [this.least, , this.largest] = ["span", "i", "span"].map((tag) => add(legend, tag));
    this.more = button(legend, "", "");
    this.more.hidden = true;
    this.more.addEventListener("click", () => {
      this.most = this.most === MOST_ROWS ? Infinity : MOST_ROWS;
      this.show();
    });
    this.table = add(add(panel, "div", "lp-heat-box"), "table", "lp-heat");
    this.table.createCaption().textContent = tr("Sensitivity ∂column/∂z at the point");
    const head = this.table.createTHead().insertRow();
    head.append(heading(tr("column"), "col"));
    for (const i of data.order) {
      const made = heading(`z${i + 1}`, "col");
      made.title = data.collapsed.includes(i) ? tr("collapsed") : data.kl[i] ? tr("{kl} nats of KL", { kl: data.kl[i].toFixed(2) }) : "";
      head.append(made);
    }
    this.body = this.table.createTBody();
    this.body.addEventListener("click", (event) => this.step(event));
  }

  open() {
    this.show();
  }

  /** The point rests: follow it there. */
  rest() {
    this.show();
  }

  async show() {
    const isLatest = this.latest.begin();
    const { pad } = this;
    const isStale = () => !isLatest() || pad.closed;
    const z = [...(pad.watch.seen ?? pad.point.z)];
    try {
      const values = await pad.decode(z);
      const found = await jacobian(pad.decode, z, pad.data.ranges, isStale);
      if (found && !isStale()) this.fill(z, sensitivities(pad.table.fields, values, found));
    } catch (error) {
      this.table.caption.textContent = tr("No sensitivity: {why}", { why: error.message });
    }
  }

  fill(z, rows) {
    const all = rows.length;
    if (all > this.most) {
      const reach = new Map(rows.map((row) => [row, Math.max(...row.slopes.map(Math.abs))]));
      rows = [...rows].sort((a, b) => reach.get(b) - reach.get(a)).slice(0, this.most);
    }
    this.more.hidden = all <= MOST_ROWS;
    if (rows.length < all) this.more.textContent = tr("The {some} most sensitive of {count} columns: show all", { some: rows.length, count: all });
    else this.more.textContent = tr("Only the {count} most sensitive columns", { count: MOST_ROWS });
    const largest = Math.max(...rows.flatMap(({ slopes }) => slopes.map(Math.abs)));
    [this.least.textContent, this.largest.textContent] = [written(-largest, largest), written(largest, largest)];
    this.table.caption.textContent = tr("Sensitivity ∂column/∂z at z = ({z})", { z: z.map((value) => value.toFixed(2)).join(", ") });
    while (this.rows.length > rows.length) this.rows.pop().row.remove();
    while (this.rows.length < rows.length) this.rows.push(this.addRow());
    rows.forEach((row, k) => this.fillRow(this.rows[k], row, largest));
  }

  addRow() {
    const row = this.body.insertRow();
    const name = row.appendChild(heading("", "row"));
    const cells = this.pad.data.order.map((latent) => {
      const cell = row.insertCell();
      cell.dataset.latent = latent;
      return cell;
    });
    return { row, name, cells };
  }

  fillRow({ name, cells }, { field, name: k, slopes }, largest) {
    name.textContent = field.isNumeric ? field.name : `${field.name} = ${field.categories[k]}`;
    name.title = name.textContent;
    for (const cell of cells) {
      const slope = slopes[cell.dataset.latent];
      cell.textContent = written(slope, largest);
      cell.dataset.sign = slope < 0 ? "-" : "+";
      cell.style.setProperty("--depth", `${(100 * DEEPEST * Math.abs(slope)) / (largest || 1)}%`);
    }
  }

  step({ target }) {
    const { latent, sign } = target.dataset;
    if (latent === undefined) return;
    const { pad } = this;
    const [low, high] = pad.data.ranges[latent];
    const by = STEP_SHARE * (high - low) * (sign === "-" ? -1 : 1);
    pad.jump(pad.point.z.with(Number(latent), pad.point.z[latent] + by));
  }

  close() {
    this.latest.stop();
  }
}

function heading(text, scope) {
  const made = document.createElement("th");
  return Object.assign(made, { textContent: text, scope });
}

/** With its sign, and as many digits as the largest of all leaves meaning to. */
function written(value, largest) {
  const text = largest >= 0.1 && largest < 100 ? Math.abs(value).toFixed(2) : Math.abs(value).toPrecision(2);
  return `${value < 0 ? "−" : "+"}${text}`;
}
