// The explorer as one page from the disk: what it would fetch lies compressed in the page itself.

import { formatLatent, parseLatent } from "../latent_pad/link.js";
import { show } from "../latent_pad/pad.js";
import { speak } from "../words.js";

/** Open the explorer that the page describes. */
export async function open() {
  const root = document.querySelector(".latent-pad");
  const status = document.querySelector(".opening");
  try {
    const described = JSON.parse(document.getElementById("explorer").textContent);
    const data = withFiles(described, await unpackAll());
    await speak(data.words ?? null);
    const place = { turn: 0 };
    const shown = () => show(root, { ...data, ...whereTo(data), ...place });
    root.commit = ({ z, label, view, turn }) => {
      place.turn = turn;
      history.replaceState(null, "", `#${new URLSearchParams({ z: formatLatent(z), label: label ?? "", view })}`);
      shown();
    };
    addEventListener("hashchange", shown);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", shown);
    const opened = shown();
    status.remove();
    await opened;
  } catch (error) {
    status.textContent = `The explorer could not be opened: ${error.message}. It needs a browser of 2023 or later.`;
  }
}

/** The point, the label and the view that the address names; where one begins, where it names none. */
function whereTo(data) {
  const asked = new URLSearchParams(location.hash.slice(1));
  const z = parseLatent(asked.get("z"), data.latents);
  const inside = z?.every((value) => Math.abs(value) <= data.largest_latent);
  const label = Number(asked.get("label") ?? 0);
  const known = Number.isInteger(label) && label >= 0 && label < data.conditions.length;
  return { z: inside ? z : data.start, label: data.conditions.length ? (known ? label : 0) : null, view: asked.get("view") ?? "" };
}

/** address -> address of its content, of everything in the page. */
async function unpackAll() {
  const packed = [...document.querySelectorAll("script[data-address]")];
  return new Map(await Promise.all(packed.map(async (element) => [element.dataset.address, await unpack(element)])));
}

async function unpack(element) {
  const letters = atob(element.textContent);
  element.remove(); // megabytes that are not needed twice
  const bytes = new Uint8Array(letters.length);
  for (let k = 0; k < letters.length; k += 1) bytes[k] = letters.charCodeAt(k);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const content = await new Response(stream).blob();
  return URL.createObjectURL(new Blob([content], { type: element.dataset.type }));
}

/** What is described, with the addresses of what lies in the page. */
function withFiles(value, files) {
  if (typeof value === "string") return files.get(value) ?? value;
  if (Array.isArray(value)) return value.map((part) => withFiles(part, files));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withFiles(part, files)]));
}
