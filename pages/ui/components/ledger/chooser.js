// Which example, and which noise.

import { add, button } from "../latent_pad/elements.js";
import { tr } from "../words.js";

export class Chooser {
  /** `onChoose` is given what changes of { example, seed, is_mean }, `onRefuse` a sentence. */
  constructor(parent, data, onChoose, onRefuse) {
    Object.assign(this, { data, onChoose, onRefuse });
    const examples = add(parent, "div", "el-group");
    const count = data.count.toLocaleString("en");
    const before = button(examples, "‹", tr("The example before"));
    before.setAttribute("aria-label", tr("Previous example"));
    this.number = this.field(examples, tr("Example"), 1, data.count);
    add(examples, "span").textContent = tr("of {count}", { count });
    const after = button(examples, "›", tr("The example after"));
    after.setAttribute("aria-label", tr("Next example"));
    const random = button(examples, tr("Random"), tr("An example taken at random"));
    before.addEventListener("click", () => this.go(this.shown.example - 1));
    after.addEventListener("click", () => this.go(this.shown.example + 1));
    random.addEventListener("click", () => this.go(Math.floor(Math.random() * data.count)));
    this.number.addEventListener("change", () => this.take("example", this.number.valueAsNumber - 1, data.count - 1, tr("There is no such example: the dataset has {count}.", { count })));
    this.canRoll = !data.is_deterministic || data.objective.name === "denoising";
    if (this.canRoll) this.addNoise(add(parent, "div", "el-group"));
  }

  addNoise(group) {
    const { data } = this;
    const isPosterior = !data.is_deterministic;
    const title = isPosterior ? tr("Draw another sample of z (R)") : tr("Damage the example in another way (R)");
    this.rolling = button(group, isPosterior ? tr("Roll ε") : tr("Roll the damage"), title);
    this.rolling.setAttribute("aria-keyshortcuts", "R");
    this.rolling.addEventListener("click", () => this.roll());
    this.seed = this.field(group, tr("Seed"), 0, data.largest);
    this.seed.addEventListener("change", () => this.take("seed", this.seed.valueAsNumber, data.largest, tr("A seed is a whole number from 0 to {largest}.", { largest: data.largest.toLocaleString("en") })));
    if (!isPosterior) return;
    const label = add(group, "label");
    this.mean = Object.assign(add(label, "input"), { type: "checkbox" });
    label.append(tr("z = mean (ε = 0)"));
    this.mean.addEventListener("change", () => this.onChoose({ is_mean: this.mean.checked }));
  }

  field(parent, name, min, max) {
    const label = add(parent, "label");
    label.textContent = name;
    return Object.assign(add(label, "input"), { type: "number", min, max, step: 1 });
  }

  /** Another sample; what was drawn at the mean is drawn at random then. */
  roll() {
    this.onChoose({ seed: (this.shown.seed + 1) % (this.data.largest + 1), is_mean: false });
  }

  /** To an example; beyond the ends it goes on at the other. */
  go(example) {
    const { count } = this.data;
    this.onChoose({ example: (example + count) % count });
  }

  /** What was typed, if it is a whole number from 0 to the largest. */
  take(name, value, largest, refusal) {
    if (Number.isInteger(value) && value >= 0 && value <= largest) return this.onChoose({ [name]: value });
    this.show(this.shown);
    return this.onRefuse(refusal);
  }

  show(shown) {
    this.shown = shown;
    this.number.value = shown.example + 1;
    if (this.seed) this.seed.value = shown.seed;
    if (this.mean) this.mean.checked = shown.is_mean;
  }
}
