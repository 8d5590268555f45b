// Making elements.

export function add(parent, tag, className = "") {
  const made = parent.appendChild(document.createElement(tag));
  made.className = className;
  return made;
}

export function button(parent, text, title) {
  return Object.assign(add(parent, "button"), { type: "button", textContent: text, title });
}

/** A canvas with a caption: [canvas, caption]; `name` is how tests find it. */
export function figure(parent, name, className = "") {
  const made = add(parent, "figure", `lp-figure ${className}`);
  const canvas = add(made, "canvas");
  canvas.dataset.testid = name;
  return [canvas, add(made, "figcaption")];
}
