// Making elements.

export function add(parent, tag, className = "") {
  const made = parent.appendChild(document.createElement(tag));
  made.className = className;
  return made;
}

export function button(parent, text, title) {
  return Object.assign(add(parent, "button"), { type: "button", textContent: text, title });
}

/** Give the user a file. */
export function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // not before the browser has read it
}

/** A canvas with a caption: [canvas, caption]; `name` is how tests find it. */
export function figure(parent, name, className = "") {
  const made = add(parent, "figure", `lp-figure ${className}`);
  const canvas = add(made, "canvas");
  canvas.dataset.testid = name;
  return [canvas, add(made, "figcaption")];
}
