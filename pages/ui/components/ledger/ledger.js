// The ledger of one example's loss. Another example or other noise comes from the server; everything else is reckoned here.

import { add } from "../latent_pad/elements.js";
import { Latest } from "../latent_pad/latest.js";
import { tr, trn } from "../words.js";
import { Account } from "./account.js";
import { fetchArrays } from "./arrays.js";
import { Balance } from "./balance.js";
import { Bars } from "./bars.js";
import { Chooser } from "./chooser.js";
import { Columns } from "./columns.js";
import { Link } from "./link.js";
import { Pictures } from "./pictures.js";
import { Posterior } from "./posterior.js";
import * as sentences from "./sentences.js";
import { nats, sum } from "./words.js";

const PAUSE_MS = 200; // from an example to its posterior: who goes on at once does not wait for it

const KEYS = ["keydown", "keypress", "keyup"];

/** Show what `data` describes in `root`; called again by Streamlit whenever data or theme change. */
export function show(root, data) {
  const before = root.ledger?.data;
  if (before?.url === data.url && before.words === data.words) return root.ledger.update(data);
  remove(root);
  root.ledger = new Ledger(root, data);
  return root.ledger.load();
}

export function remove(root) {
  root.ledger?.close();
  delete root.ledger;
  delete root.dataset.shown;
  root.replaceChildren();
}

class Ledger {
  constructor(root, data) {
    Object.assign(this, { root, data, asking: new Latest(), link: new Link(root, data.shown) });
    const { example, seed, is_mean } = data.shown;
    this.shown = { example, seed, is_mean };
    this.build();
    for (const kind of KEYS) root.addEventListener(kind, this.key);
  }

  build() {
    const { root, data } = this;
    this.chooser = new Chooser(add(root, "div", "el-bar"), data, (changed) => this.choose(changed), (sentence) => (this.status.textContent = sentence));
    this.status = add(root, "p", "el-status");
    this.status.setAttribute("aria-live", "polite");
    this.main = add(root, "div", "el-main");
    this.main.hidden = true;
    const loss = this.section(tr("Reconstruction loss, −log p(x | z)"), "el-loss");
    this.parts = data.columns ? new Columns(loss, data) : new Pictures(loss, data.shape);
    const account = this.section(tr("Everything adds up"), "el-sum");
    this.account = new Account(account);
    this.remark = add(account, "p", "el-note");
    if (data.is_deterministic) {
      add(account, "p", "el-note").textContent = tr(sentences.WITHOUT_KL);
    } else {
      const divergence = this.section(tr("KL(q(z | x), p(z)) of each dimension"), "el-kl");
      this.bars = new Bars(divergence, tr("The KL of every dimension, in nats."), ["", "", "KL", ""]);
      this.divergence = add(divergence, "p", "el-note");
      this.balance = new Balance(this.section(tr("Slide β"), "el-balance"), data.kl_weight, sentences.ofBeta(data));
    }
    if (data.posterior) this.posterior = new Posterior(this.section(tr("The true posterior, p(z | x)"), "el-posterior"));
  }

  section(title, className) {
    const made = add(this.main, "section", className);
    add(made, "h2").textContent = title;
    return made;
  }

  /** New data for the same model: another theme, or another place from the address. */
  update(data) {
    this.data = data;
    this.posterior?.paint();
    if (!this.link.hear(data.shown)) return;
    const { example, seed, is_mean } = data.shown;
    this.shown = { example, seed, is_mean };
    this.load();
  }

  choose(changed) {
    this.shown = { ...this.shown, ...changed };
    this.link.tell(this.shown);
    this.load();
  }

  async load() {
    const isNewest = this.asking.begin();
    const { data } = this;
    const { example, seed, is_mean } = this.shown;
    this.chooser.show(this.shown);
    this.main.setAttribute("aria-busy", "true");
    try {
      const { head, arrays } = await fetchArrays(`${data.url}&example=${example}&seed=${seed}${is_mean ? "&epsilon=0" : ""}`);
      if (!isNewest()) return;
      this.show(head, arrays);
      this.root.dataset.shown = `${example} ${seed}${is_mean ? " mean" : ""}`;
      this.main.removeAttribute("aria-busy");
      if (this.posterior) await this.showPosterior(example, arrays, isNewest);
    } catch (error) {
      if (!isNewest()) return;
      this.status.setAttribute("role", "alert");
      this.status.textContent = error.message;
    }
  }

  show(head, arrays) {
    const { data } = this;
    const { kl, loss } = arrays;
    this.main.hidden = false;
    this.status.removeAttribute("role");
    this.status.textContent = sentences.ofExample(head, this.shown, data);
    const nature = sentences.ofNature(this.shown, data);
    const reconstructionLoss = this.parts.show(arrays, nature);
    const terms = head.terms.map((name, k) => [name, arrays[`term ${k}`]]);
    const entries = [[this.nameOfLoss(), reconstructionLoss], ...terms.map(([name, values]) => [named(name, values), sum(values)])];
    this.account.show(entries, loss[0]);
    const divergence = sum(kl);
    this.remark.textContent = sentences.ofTerms(data, terms, reconstructionLoss + divergence);
    if (!this.bars) return;
    const [title, second] = terms.find(([, values]) => values.length === kl.length && kl.length > 1 && values.some((value, j) => value !== kl[j])) ?? [];
    this.bars.columns = ["", "", "KL", title ?? ""];
    this.bars.show(Array.from(kl, (value, j) => ({ name: `z${j + 1}`, value, second: second?.[j] })), (count) => trn("the other {count} dimension", "the other {count} dimensions", count));
    this.divergence.textContent = sentences.ofKL(data, nats(divergence));
    this.balance.show(reconstructionLoss, divergence);
  }

  nameOfLoss() {
    const { columns, shape } = this.data;
    if (columns) return trn("reconstruction loss of {count} column", "reconstruction loss of {count} columns", columns.length);
    return trn("reconstruction loss of {count} pixel", "reconstruction loss of {count} pixels", shape[1] * shape[2]);
  }

  async showPosterior(example, arrays, isNewest) {
    const { data, posterior } = this;
    if (this.grid?.example !== example) {
      this.grid = null;
      if (data.is_posterior_slow) await posterior.offer();
      posterior.expect();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      if (!isNewest()) return;
      this.grid = { example, answer: fetchArrays(`${data.posterior}&example=${example}`) };
    }
    const { answer } = this.grid; // still awaited, perhaps, by the sample before
    try {
      const { head, arrays: found } = await answer;
      if (isNewest()) posterior.show(found, arrays, head.draws);
    } catch (error) {
      if (isNewest()) posterior.fail(error.message);
    }
  }

  key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[a-z]$/i.test(event.key)) event.stopPropagation(); // at R Streamlit would run the whole page once more
    if (event.type !== "keydown" || event.composedPath()[0].type === "number") return;
    if (event.key.toLowerCase() === "r" && this.chooser.canRoll) this.chooser.roll();
    if (/^[0-9]$/.test(event.key)) this.balance?.set(Number(event.key));
  };

  close() {
    this.asking.stop();
    this.link.close();
    for (const kind of KEYS) this.root.removeEventListener(kind, this.key);
  }
}

function named(name, values) {
  return values.length > 1 ? trn("{name} of {count} dimension", "{name} of {count} dimensions", values.length, { name }) : name;
}
