// Anomaly detection: scores of real digits and of odd pictures, and a threshold to move.

import { add } from "../../latent_pad/elements.js";
import { paintReconstruction } from "../../latent_pad/picture.js";
import { tr } from "../../words.js";
import { Histogram } from "../histogram.js";
import { reconstructionLoss } from "../model.js";
import { choice, numbers, picture, told } from "../parts.js";

const SHAPE = [1, 8, 8];
const SCORES = ["elbo", "kl", "error"];
const AT_FIRST = 0.3;

export class Scene {
  constructor(root, data) {
    Object.assign(this, { root, data, score: "elbo", chosen: 0, isRevealed: false });
  }

  async open() {
    const { root, data } = this;
    this.sorted = Object.fromEntries(SCORES.map((name) => [name, [...data.real[name]].sort((a, b) => b - a)]));
    this.which = choice(root, tr("Score"), [tr("−ELBO"), tr("KL alone"), tr("Squared error")], (k) => this.judgeBy(SCORES[k]));
    const shown = add(root, "div", "le-stack");
    this.histogram = new Histogram(
      shown,
      "histogram",
      tr("Threshold"),
      () => this.show(),
      () => this.commit(),
    );
    this.flags = add(shown, "p");
    this.flags.dataset.testid = "flags";
    this.wait = add(root, "p", "le-wait");
    this.wait.textContent = tr("Predict first: then the odd pictures are judged.");
    this.cards = add(root, "div", "le-cards");
    this.made = data.odd.map((odd, k) => this.card(odd, k));
    this.below = add(root, "div", "le-row");
    this.numbers = numbers(add(this.below, "div", "le-grow"));
    const right = add(this.below, "div", "le-grow");
    add(right, "p").textContent = tr("The real digits that this score finds the most unusual:");
    const top = add(right, "div", "le-row");
    this.top = data.top.elbo.map((_, k) => picture(top, SHAPE, `top-${k}`));
    this.top.forEach(({ figure }) => figure.classList.add("le-small"));
    this.judgeBy("elbo", AT_FIRST);
  }

  card(odd, k) {
    const card = add(this.cards, "button", "le-card");
    card.type = "button";
    card.dataset.testid = `odd-${k}`;
    card.addEventListener("click", () => {
      this.chosen = k;
      this.histogram.chosen = k;
      this.histogram.draw();
      this.show();
    });
    const both = add(card, "span", "le-pictures");
    for (const values of [odd.picture, odd.decoded]) paintReconstruction(add(both, "canvas"), values, SHAPE);
    add(card, "strong").textContent = odd.name;
    return { card, words: add(card, "span") };
  }

  /** Its histogram, and the threshold where as many real digits are flagged as before. */
  judgeBy(score, share = this.flaggedReal() / this.data.real[score].length) {
    const { data, histogram } = this;
    this.score = score;
    this.which.choose(SCORES.indexOf(score));
    const sorted = this.sorted[score];
    data.top[score].forEach(({ number, score: value, picture: pixels }, k) => {
      this.top[k].paint(pixels);
      this.top[k].say(tr("Number {number}: {score}", { number, score: told(value) }));
    });
    histogram.show(data.real[score], this.isRevealed ? this.oddScores() : []);
    histogram.put(sorted[Math.min(Math.round(share * sorted.length), sorted.length - 1)]);
    if (this.isRevealed) this.commit();
  }

  update(data) {
    const { histogram } = this;
    const isAnother = this.isRevealed !== data.is_revealed;
    this.isRevealed = data.is_revealed;
    this.wait.hidden = data.is_revealed;
    this.cards.hidden = this.below.hidden = !data.is_revealed;
    if (!isAnother) return;
    const { threshold } = histogram;
    histogram.chosen = this.isRevealed ? this.chosen : null;
    histogram.show(this.data.real[this.score], this.isRevealed ? this.oddScores() : []);
    histogram.put(threshold);
  }

  oddScores() {
    return this.data.odd.map(({ scores }) => scores[this.score]);
  }

  flaggedReal() {
    const { threshold } = this.histogram;
    return this.data.real[this.score].filter((value) => value > threshold).length;
  }

  show() {
    const { histogram, data, score, made } = this;
    const { threshold } = histogram;
    const odd = this.oddScores();
    const [few, real] = [odd.filter((value) => value > threshold).length, data.real[score].length];
    const filled = { threshold: told(threshold), few, all: odd.length, share: ((100 * this.flaggedReal()) / real).toFixed(1) };
    this.flags.textContent = this.isRevealed
      ? tr("Above {threshold}: flags {few} of {all} odd pictures, and {share} % of the real digits", filled)
      : tr("Above {threshold}: flags {share} % of the real digits", filled);
    histogram.say(this.flags.textContent);
    made.forEach(({ card, words }, k) => {
      const isFlagged = odd[k] > threshold;
      card.classList.toggle("le-flagged", isFlagged);
      card.setAttribute("aria-pressed", String(k === this.chosen));
      words.textContent = isFlagged ? tr("{score} · flagged", { score: told(odd[k]) }) : tr("{score} · passes", { score: told(odd[k]) });
    });
    this.tell();
  }

  tell() {
    const { picture: pixels, scores, name } = this.data.odd[this.chosen];
    const values = this.data.real[this.score];
    const above = values.filter((value) => value > scores[this.score]).length;
    this.numbers.tell([
      [tr("Picture"), name],
      ["−ELBO", tr("{loss} + {kl} = {sum} nats", { loss: told(scores.elbo - scores.kl), kl: told(scores.kl), sum: told(scores.elbo) })],
      [tr("Least loss"), tr("{least} nats, if every pixel were reconstructed exactly", { least: told(reconstructionLoss(pixels, pixels).whole) })],
      [tr("Squared error"), told(scores.error)],
      [tr("More unusual"), tr("{share} % of the real digits, by this score", { share: ((100 * above) / values.length).toFixed(1) })],
    ]);
  }

  commit() {
    this.root.commit({ score: this.score, threshold: this.histogram.threshold });
  }

  close() {
    this.histogram?.close();
  }
}
