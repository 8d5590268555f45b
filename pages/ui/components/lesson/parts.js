// Small parts of which scenes are made: sliders, buttons, figures, formulas with numbers.

import { add, button } from "../latent_pad/elements.js";
import { paintReconstruction } from "../latent_pad/picture.js";

/** A picture with a caption: { canvas, paint(values), say(words) }. */
export function picture(parent, shape, name, words = "") {
  const figure = add(parent, "figure", "le-picture");
  const canvas = add(figure, "canvas");
  canvas.dataset.testid = name;
  canvas.setAttribute("role", "img");
  const caption = add(figure, "figcaption");
  const say = (told) => {
    caption.textContent = told;
    canvas.setAttribute("aria-label", told);
  };
  say(words);
  return { figure, canvas, say, paint: (values) => paintReconstruction(canvas, values, shape) };
}

/** A slider with its name before it and its value after it: { input, value, say(words) }. */
export function slider(parent, name, { min, max, step, value }, onMove, onRelease = () => {}) {
  const row = add(parent, "label", "le-slider");
  add(row, "span").textContent = name;
  const input = add(row, "input");
  Object.assign(input, { type: "range", min, max, step, value });
  input.setAttribute("aria-label", name);
  const told = add(row, "output");
  const say = (words) => {
    told.textContent = words;
    input.setAttribute("aria-valuetext", words);
  };
  say(String(value));
  input.addEventListener("input", () => onMove(input.valueAsNumber));
  input.addEventListener("change", () => onRelease(input.valueAsNumber));
  return { row, input, say };
}

export function action(parent, text, onClick, kind = "") {
  const made = button(parent, text, "");
  made.className = `le-button ${kind}`;
  made.addEventListener("click", onClick);
  return made;
}

/** One of several, as buttons: { choose(k) }; `onChoose(k)` after a click. */
export function choice(parent, label, names, onChoose) {
  const group = add(parent, "div", "le-choice");
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-label", label);
  const buttons = names.map((name, k) => {
    const made = action(group, name, () => {
      choose(k);
      onChoose(k);
    });
    made.setAttribute("role", "radio");
    return made;
  });
  const choose = (k) => buttons.forEach((made, other) => made.setAttribute("aria-checked", String(other === k)));
  return { group, choose };
}

/** Lines with the numbers of what is on the screen, put into the formula: { tell([[left, right], …]) }. */
export function numbers(parent) {
  const box = add(parent, "dl", "le-numbers");
  box.setAttribute("aria-live", "off"); // it changes with every move
  box.dataset.testid = "numbers";
  const tell = (lines) => {
    while (box.children.length > 2 * lines.length) box.lastChild.remove();
    lines.forEach(([left, right], k) => {
      const [name, value] = box.children[2 * k] ? [box.children[2 * k], box.children[2 * k + 1]] : [add(box, "dt"), add(box, "dd")];
      if (name.textContent !== left) name.textContent = left;
      if (value.textContent !== right) value.textContent = right;
    });
  };
  return { box, tell };
}

/** A number as it stands in a formula, with a minus that is one. */
export function told(value, digits = 2) {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

/** The same where it may be negative and stands after a sign. */
export function inBrackets(value, digits = 2) {
  const text = told(value, digits);
  return text.startsWith("−") ? `(${text})` : text;
}

/** Bars from 0 to `most`, each with a name: { tell(values) }. */
export function bars(parent, names, unit) {
  const box = add(parent, "div", "le-bars");
  const rows = names.map((name) => {
    const row = add(box, "div", "le-bar");
    add(row, "span").textContent = name;
    const track = add(row, "div", "le-track");
    return { fill: add(track, "div"), value: add(row, "output"), row };
  });
  const tell = (values, most, digits = 2) =>
    rows.forEach(({ fill, value, row }, k) => {
      fill.style.width = `${Math.min(100, (100 * values[k]) / (most || 1))}%`;
      value.textContent = `${told(values[k], digits)}${unit}`;
      row.classList.toggle("le-off", values[k] < 0.01);
    });
  return { box, tell };
}
