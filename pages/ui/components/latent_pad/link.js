// What the link of the page says: the point, the label, and a view: names with values, as which tool is open.
// The pad tells Python, which writes it into the address, and hears from it when the address changes by itself.

export class Link {
  constructor(root, data) {
    Object.assign(this, { root, view: parseView(data.view), turn: data.turn, longest: data.longest_view }); // turn: of what was last told
    this.sent = JSON.stringify([data.z, data.label, formatView(this.view)]);
  }

  /** Whether what Python says is an answer to the last word, and not what the pad has just told. */
  isNews({ z, label, view, turn }) {
    return turn === this.turn && JSON.stringify([z, label, formatView(parseView(view))]) !== this.sent;
  }

  /** Take what the address says now. */
  take({ z, label, view }) {
    this.view = parseView(view);
    this.sent = JSON.stringify([z, label, formatView(this.view)]);
  }

  /** Set a name of the view; an empty value takes it out. It is told with the next word. */
  set(name, value) {
    this.view = Object.fromEntries([...Object.entries(this.view).filter(([known]) => known !== name), [name, String(value ?? "")]].filter(([, text]) => text));
  }

  /** The view as a link can hold it: of many dimensions it has no room for every place, and the longest stay out. */
  short() {
    const parts = Object.entries(this.view).sort(([, a], [, b]) => a.length - b.length);
    while (formatView(Object.fromEntries(parts)).length > this.longest) parts.pop();
    return formatView(Object.fromEntries(parts));
  }

  /** Tell where the pad stands, unless that is known. */
  tell(point, label) {
    const z = point.map(rounded);
    const view = this.short();
    const word = JSON.stringify([z, label, view]);
    if (word === this.sent) return;
    this.sent = word;
    this.turn += 1;
    this.root.commit({ z, label, view, turn: this.turn });
  }
}

/** Latents as they stand in a link. */
export function formatLatent(z) {
  return [...z].map(rounded).join(",");
}

/** Such a text as a latent; null if it is none of so many numbers. */
export function parseLatent(text, latents) {
  const z = (text ?? "").split(",").map(Number);
  return text && z.length === latents && z.every(Number.isFinite) ? z : null;
}

/** "name:value~name:value" as an object, and back. */
export function parseView(text) {
  const parts = (text ?? "").split("~").map((part) => part.split(":"));
  return Object.fromEntries(parts.filter(([name, value]) => name && value));
}

export function formatView(view) {
  const parts = Object.entries(view).sort(([a], [b]) => (a < b ? -1 : 1));
  return parts.map(([name, value]) => `${name}:${value}`).join("~");
}

function rounded(value) {
  return Math.round(value * 1e4) / 1e4;
}
