// What the link of the page says: the point, the label, and a view: names with values, as which tool is open.
// The pad tells Python, which writes it into the address, and hears from it when the address changes by itself.
// It tells one word at a time, the newest when the one before is answered: of words in quick succession Streamlit drops
// runs half-way, and now and then the whole component with them.

const PAUSE_MS = 150; // from an answer to the next word: the run that answers has yet to end
const PATIENCE_MS = 3000; // without an answer the next word goes all the same

export class Link {
  constructor(root, data) {
    Object.assign(this, { root, view: parseView(data.view), turn: data.turn, longest: data.longest_view, waiting: null }); // turn: of what was last told
    this.sent = JSON.stringify([data.z, data.label, formatView(this.view)]);
  }

  /** Python has spoken; whether that is news, and neither an older word's echo nor what the pad has just told. */
  hear({ z, label, view, turn }) {
    if (turn === this.turn) this.goOn(PAUSE_MS);
    return turn === this.turn && !this.waiting && JSON.stringify([z, label, formatView(parseView(view))]) !== this.sent;
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
    this.waiting = JSON.stringify([z, label, view]) === this.sent ? null : { z, label, view };
    if (!this.isAsking) this.send();
  }

  send() {
    this.isAsking = this.waiting !== null;
    if (!this.isAsking) return;
    const { z, label, view } = this.waiting;
    this.waiting = null;
    this.sent = JSON.stringify([z, label, view]);
    this.turn += 1;
    this.goOn(PATIENCE_MS);
    this.root.commit({ z, label, view, turn: this.turn });
  }

  /** After so long the next word goes, if one waits. */
  goOn(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), delay);
  }

  close() {
    clearTimeout(this.timer);
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
