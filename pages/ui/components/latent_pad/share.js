// What one takes away of a model and of what the explorer shows: the link, the explorer as one file, the model, Python, pictures.

import { tr } from "../words.js";
import { add, button, save } from "./elements.js";
import { formatLatent } from "./link.js";

const COPIED_MS = 2000;

export class Share {
  /** `parent` holds the button; what it opens lies over the page. */
  constructor(parent, pad) {
    Object.assign(this, { pad });
    const open = button(parent, "", tr("Link, explorer as one file, model, Python, pictures: what one takes away"));
    open.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3v12M7 8l5-5 5 5M5 13v7h14v-7"/></svg>';
    open.append(tr("Share"));
    open.setAttribute("aria-haspopup", "dialog");
    open.addEventListener("click", () => this.open());
    this.dialog = add(pad.root, "dialog", "lp-share");
    this.dialog.setAttribute("aria-labelledby", "lp-share-title");
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close()); // beside it
  }

  open() {
    const { pad, dialog } = this;
    dialog.replaceChildren();
    const head = add(dialog, "div", "lp-share-head");
    Object.assign(add(head, "h3"), { id: "lp-share-title", textContent: tr("Share") });
    button(head, tr("Close"), tr("Close")).addEventListener("click", () => dialog.close());
    this.link(section(dialog, tr("This view"), tr("Whoever can reach this app sees what you see.")));
    const whole = tr("Map, sliders and decoder in one HTML file. It opens from the disk, without this app and without a network.");
    const why = pad.data.decoder.why_server;
    const page = section(dialog, tr("The explorer as one file"), why ? tr("Not of this model: {why}.", { why }) : whole);
    if (!why) this.file(page, pad.data.share.page, tr("Save HTML"));
    const model = section(dialog, tr("The model"), tr("Checkpoint, encoder and decoder as ONNX, codes as CSV and Parquet, the card and a notebook."));
    this.file(model, pad.data.share.archive, tr("Save ZIP"));
    this.python(section(dialog, "Python", tr("Decodes this point, with the checkpoint of the ZIP.")));
    this.pictures(section(dialog, tr("Pictures"), pad.data.columns ? "" : tr("From here to there as GIF, PNG or film: under Paths.")));
    dialog.showModal();
  }

  link(parent) {
    const { pad } = this;
    const address = new URL(location.href);
    const told = { model: pad.data.model, z: formatLatent(pad.point.z), label: pad.labels.index ?? "", view: pad.link.short() };
    address.search = new URLSearchParams(Object.entries(told).filter(([, value]) => value !== ""));
    const field = add(parent, "input");
    Object.assign(field, { type: "text", readOnly: true, value: address.href });
    field.setAttribute("aria-label", tr("Link to this view"));
    field.addEventListener("focus", () => field.select());
    copyButton(parent, tr("Copy link"), () => field.value);
  }

  /** The server makes it when it is asked for; the browser keeps it. */
  file(parent, address, text) {
    const link = add(parent, "a", "lp-save");
    Object.assign(link, { textContent: text, href: new URL(address, document.baseURI).href, download: "" });
    return link;
  }

  python(parent) {
    const { pad } = this;
    const code = add(parent, "pre");
    code.tabIndex = 0; // it scrolls
    code.textContent = pad.data.share.python.replace("{z}", [...pad.point.z].map((value) => value.toFixed(4)).join(", ")).replace("{label}", pad.labels.index ?? 0);
    copyButton(parent, tr("Copy code"), () => code.textContent);
    this.file(parent, pad.data.share.notebook, tr("Save notebook"));
  }

  pictures(parent) {
    const { pad, dialog } = this;
    const take = button(parent, pad.data.columns ? tr("Save what is decoded as PNG") : tr("Save this picture as PNG"), tr("What is decoded, as it stands"));
    take.addEventListener("click", () => pad.output.canvas.toBlob((content) => save(content, "decoded.png")));
    const paths = button(parent, tr("Open Paths"), tr("Two ends, and the ways between them"));
    paths.addEventListener("click", () => {
      dialog.close();
      pad.tools.open("paths");
      pad.remember("tool", "paths");
      pad.tools.list.scrollIntoView({ block: "start", behavior: "smooth" });
    });
  }
}

function section(parent, title, words) {
  const made = add(parent, "section");
  add(made, "h4").textContent = title;
  if (words) add(made, "p").textContent = words;
  return made;
}

function copyButton(parent, text, content) {
  const copy = button(parent, text, "");
  copy.addEventListener("click", async () => {
    copy.textContent = (await isCopied(content())) ? tr("Copied") : tr("Not allowed by the browser: select and copy it");
    setTimeout(() => (copy.textContent = text), COPIED_MS);
  });
}

/** Pages that did not come over a safe connection may not use the clipboard. */
async function isCopied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
