// What the page's link says: example, seed and whether ε = 0. One word at a time, the newest when the one before is
// answered: of words in quick succession Streamlit drops runs half-way, and now and then the whole component with them.

const PAUSE_MS = 150; // from an answer to the next word: the run that answers has yet to end
const PATIENCE_MS = 3000; // without an answer the next word goes all the same

export class Link {
  constructor(root, { example, seed, is_mean, turn }) {
    Object.assign(this, { root, turn, waiting: null, sent: text({ example, seed, is_mean }) });
  }

  /** Python has spoken; whether that is news, and neither an older word's echo nor what has just been told. */
  hear(shown) {
    if (shown.turn === this.turn) this.goOn(PAUSE_MS);
    const isNews = shown.turn === this.turn && !this.waiting && text(shown) !== this.sent;
    if (isNews) this.sent = text(shown);
    return isNews;
  }

  tell(shown) {
    this.waiting = text(shown) === this.sent ? null : shown;
    if (!this.isAsking) this.send();
  }

  send() {
    this.isAsking = this.waiting !== null;
    if (!this.isAsking) return;
    const { example, seed, is_mean } = this.waiting;
    this.waiting = null;
    this.sent = text({ example, seed, is_mean });
    this.turn += 1;
    this.goOn(PATIENCE_MS);
    this.root.commit({ example, seed, is_mean, turn: this.turn });
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

function text({ example, seed, is_mean }) {
  return JSON.stringify([example, seed, is_mean]);
}
