// Concepts: directions from one group of samples to another, each with a slider that adds it to the point.

import { add, button } from "../elements.js";
import { tr } from "../../words.js";
import { Concept } from "./concept.js";
import { Group } from "./group.js";

export class ConceptsTool {
  constructor(panel, pad) {
    Object.assign(this, { pad, concepts: [], base: null });
    const form = add(panel, "div", "lp-ends");
    form.hidden = pad.data.is_alone; // a concept is made and kept by the server
    this.having = new Group(form, pad, tr("With"), null, () => this.changed());
    this.lacking = new Group(form, pad, tr("Without"), this.having, () => this.changed());
    this.having.onLasso = () => this.lacking.switch(false);
    this.lacking.onLasso = () => this.having.switch(false);
    const row = add(form, "div", "lp-end-buttons");
    const label = add(row, "label");
    label.append(`${tr("Name")} `);
    this.name = add(label, "input");
    Object.assign(this.name, { type: "text", maxLength: 60, placeholder: tr("what the groups differ in") });
    this.name.addEventListener("input", () => (this.isNamed = this.name.value !== ""));
    this.name.addEventListener("keydown", (event) => event.key === "Enter" && this.make());
    this.button = button(row, tr("Make the concept"), tr("The mean of the codes with it, minus the mean of those without; kept with the model"));
    this.button.addEventListener("click", () => this.make());
    this.status = add(panel, "p", "lp-status");
    this.status.setAttribute("role", "status");
    this.list = add(panel, "div", "lp-ways");
    this.changed();
    this.fetch();
  }

  changed() {
    if (!this.lacking) return;
    this.lacking.update();
    const { having, lacking } = this;
    if (!this.isNamed) this.name.value = having.name && (lacking.name ? tr("{having} rather than {lacking}", { having: having.name, lacking: lacking.name }) : having.name);
    this.button.setAttribute("aria-disabled", String(!having.numbers.length || !lacking.numbers.length));
    this.tell();
  }

  tell(words = "") {
    const first = tr("Choose the samples that have something (by label or lasso), and those that have not: the concept is the way from the ones to the others.");
    this.status.textContent = words || (this.concepts.length ? "" : first);
  }

  async fetch() {
    try {
      const answer = await ask(this.pad.data.concepts);
      (await answer.json()).forEach((told) => this.add(told));
      this.tell();
    } catch (error) {
      this.tell(error.message);
    }
  }

  /** Why there is no concept to be made yet; empty where there is one. */
  get missing() {
    const { having, lacking, name } = this;
    if (!having.numbers.length || !lacking.numbers.length) return tr("Choose samples for both groups first.");
    const others = new Set(lacking.numbers);
    if (having.numbers.length === others.size && having.numbers.every((n) => others.has(n))) return tr("Both groups are the same samples: nothing leads from the one to the other. Choose another group.");
    if (!name.value.trim()) return tr("Give the concept a name first.");
    if (this.concepts.some(({ told }) => told.name === name.value.trim())) return tr("There is a concept of this name already. Give this one another name, or delete the other.");
    return "";
  }

  async make() {
    const { having, lacking, missing } = this;
    if (this.isBusy) return;
    if (missing) return this.tell(missing);
    this.isBusy = true;
    this.tell(tr("Making the concept…"));
    try {
      const body = JSON.stringify({ name: this.name.value, group: having.numbers, other: lacking.numbers });
      const answer = await ask(this.pad.data.concepts, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      const made = this.add(await answer.json());
      this.isNamed = false;
      this.tell();
      made.slider.scrollIntoView({ block: "nearest", behavior: "smooth" });
      made.slider.focus({ preventScroll: true });
    } catch (error) {
      this.tell(error.message);
    } finally {
      this.isBusy = false;
    }
  }

  add(told) {
    const concept = new Concept(this.list, this.pad, told, {
      onMove: (event) => this.apply(event, concept),
      onRelease: () => this.pad.settle(),
      onRemove: () => this.remove(concept),
    });
    this.concepts.push(concept);
    this.concepts.forEach((one) => one.compare(this.concepts));
    concept.strip?.show(this.pad.point.z);
    return concept;
  }

  async remove(concept) {
    try {
      await ask(`${this.pad.data.concepts}/${concept.told.id}`, { method: "DELETE" });
      concept.close();
      this.concepts = this.concepts.filter((one) => one !== concept);
      this.concepts.forEach((one) => one.compare(this.concepts));
      this.tell();
    } catch (error) {
      this.tell(error.message);
    }
  }

  /** The point becomes where it was before the sliders were touched, and all of their concepts, each so many times. */
  apply(event, moving) {
    const { pad } = this;
    if (!this.isAtBase()) {
      this.base = [...pad.point.z];
      this.concepts.forEach((one) => one !== moving && one.zero());
    }
    const z = this.base.map((value, i) => this.concepts.reduce((sum, { amount, vector }) => sum + amount * vector[i], value));
    pad.move(z, event);
    this.reached = [...pad.point.z];
    this.draw();
  }

  /** Whether the point still is where the sliders have brought it. */
  isAtBase() {
    return this.base !== null && this.pad.point.z.every((value, i) => value === this.reached[i]);
  }

  /** On the map: from the base through every concept that is added. */
  draw() {
    const { pad, base } = this;
    const isShown = base && this.isAtBase();
    const lines = isShown ? this.concepts.filter(({ amount }) => amount !== 0).map((one) => one.line(base, pad.plane)) : [];
    pad.map.overlay.draw(lines);
  }

  /** The point rests: elsewhere than the sliders have brought it, they stand at nothing. */
  async rest() {
    if (!this.isAtBase()) {
      this.base = null;
      this.concepts.forEach((one) => one.zero());
      this.draw();
    }
    for (const one of this.concepts) await one.strip?.show(this.baseWithout(one));
  }

  /** The point without what one concept adds to it. */
  baseWithout(concept) {
    return this.pad.point.z.map((value, i) => value - concept.amount * concept.vector[i]);
  }

  open() {
    this.draw();
    this.having.update();
    this.rest();
  }

  escape() {
    for (const group of [this.having, this.lacking]) group.switch(false);
    this.draw();
  }

  relabel() {
    for (const group of [this.having, this.lacking]) group.tell();
  }

  close() {
    this.escape();
    this.concepts.forEach((one) => one.strip?.stop());
    this.pad.map.overlay.draw([]);
  }
}

async function ask(address, options) {
  const answer = await fetch(new URL(address, document.baseURI), options);
  if (!answer.ok) throw new Error((await answer.text()).slice(0, 300));
  return answer;
}
