// What follows a painted picture: what lies around the point with the next frame, and after a quiet moment all that
// would slow a drag.

const QUIET_MS = 60;

export class Watch {
  constructor(pad) {
    this.pad = pad;
  }

  /** The decoder's output at z was painted. */
  see(z) {
    this.seen = z;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.look(this.seen);
    });
  }

  look(z) {
    const { pad } = this;
    if (pad.closed) return;
    pad.output.tell(pad.labels.words(pad.plane.words(pad.looking ?? "at the handle", z, pad.data.labels)));
    pad.around.show(z);
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.rest(), QUIET_MS);
  }

  /** The point has not moved for a moment: encode back what it shows, say where it is, and draw what every slider changes. */
  async rest() {
    const { pad } = this;
    if (pad.closed || !pad.decoder || pad.output.isBusy) return;
    const z = this.seen ?? pad.point.z;
    pad.table?.rest();
    if (pad.encoder) await pad.around.showRoundTrip(z, () => z !== (this.seen ?? pad.point.z));
    if (pad.looking !== "at the pointer") {
      pad.around.describe();
      await pad.strips?.show(pad.point.z);
    }
    await pad.tools.opened?.rest?.();
  }

  close() {
    clearTimeout(this.quiet);
  }
}
