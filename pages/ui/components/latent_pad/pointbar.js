// The buttons that move the point as a whole: back, forth, home, anywhere.

import { later, tr } from "../words.js";
import { randomLatent } from "./random.js";
import { Share } from "./share.js";

const BUTTONS = [
  ["undo", later("Undo"), later("Back to where the point was (Ctrl+Z)"), "M8 4 3 9l5 5M3 9h9a5 5 0 0 1 0 10h-2"],
  ["redo", later("Redo"), later("Forth again (Ctrl+Shift+Z)"), "m16 4 5 5-5 5M21 9h-9a5 5 0 0 0 0 10h2"],
  ["reset", later("Reset"), later("To where one begins"), "M12 3v4M12 17v4M3 12h4M17 12h4M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6"],
  ["random", later("Random"), "", "M4 4h16v16H4zM9 9h.01M15 15h.01M15 9h.01M9 15h.01M12 12h.01"],
  ["sample", later("A sample"), later("To the code of a sample of the data, taken at random"), "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01"],
];

export class PointBar {
  constructor(parent, pad) {
    const { data } = pad;
    const actions = {
      undo: () => pad.undo(-1),
      redo: () => pad.undo(1),
      reset: () => pad.jump(data.start),
      random: () => pad.samples && pad.jump(randomLatent(data, pad.samples)),
      sample: () => pad.samples && pad.jump([...pad.samples.code(Math.floor(Math.random() * pad.samples.count))]),
    };
    const randomTitle = data.prior ? tr("To a point drawn from the prior p(z)") : tr("To a point drawn near the codes");
    this.buttons = {};
    for (const [name, label, title, path] of BUTTONS) {
      const button = parent.appendChild(document.createElement("button"));
      button.type = "button";
      button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
      button.append(tr(label));
      button.title = title ? tr(title) : randomTitle;
      button.addEventListener("click", () => button.getAttribute("aria-disabled") === "true" || actions[name]());
      this.buttons[name] = button;
    }
    if (data.share) this.share = new Share(parent, pad);
  }

  show({ canUndo, canRedo }) {
    // not the attribute "disabled": it would take the focus away from who undoes by keys
    this.buttons.undo.setAttribute("aria-disabled", String(!canUndo));
    this.buttons.redo.setAttribute("aria-disabled", String(!canRedo));
  }
}
