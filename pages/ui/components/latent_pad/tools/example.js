// A picture file as an example for the model, prepared as its data were.

import { add, button } from "../elements.js";
import { tr } from "../../words.js";

const LARGEST_FILE = 20 * 2 ** 20;

/** Values [C, H, W] in [0, 1]; throws an Error that says in a sentence why a file was not taken. */
export async function exampleOf(file, { shape, preparation }) {
  const whole = tr("The picture");
  const refuse = (why) => new Error(tr("{file} was not taken: {why}. Try a PNG or JPEG.", { file: file.name || whole, why }));
  if (file.size > LARGEST_FILE) throw refuse(tr("it is larger than 20 MB"));
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw refuse(tr("this browser cannot read it as a picture"));
  }
  const found = fitted(picture, shape, preparation);
  picture.close();
  return found;
}

/** A button that asks for picture files; each is encoded, and `take(z, number)` gets the mean of its code, one after the other. */
export function choosePictures(parent, name, pad, take, onError, title = tr("From files; each becomes an anchor")) {
  const file = add(parent, "input");
  Object.assign(file, { type: "file", accept: "image/*", multiple: true, hidden: true });
  file.setAttribute("aria-label", tr("{name}: files", { name }));
  file.addEventListener("change", async () => {
    const files = [...file.files];
    file.value = ""; // so that the same file can be chosen again
    try {
      for (const [k, one] of files.entries()) await take([...(await pad.encode(await exampleOf(one, pad.data))).mean], k);
    } catch (error) {
      onError(error.message);
    }
  });
  button(parent, name, title).addEventListener("click", () => file.click());
}

/** The whole picture on a margin of its corner's colour, or cropped, or stretched; inverted where the data were. */
function fitted(picture, [channels, , side], { fit, invert }) {
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  const [w, h] = [picture.width, picture.height];
  const scale = fit === "crop" ? Math.max(side / w, side / h) : Math.min(side / w, side / h);
  const [width, height] = fit === "stretch" ? [side, side] : [w * scale, h * scale];
  context.drawImage(picture, 0, 0, 1, 1, 0, 0, side, side); // the margin
  context.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
  const { data } = context.getImageData(0, 0, side, side);
  const x = new Float32Array(channels * side * side);
  for (let n = 0; n < side * side; n += 1) {
    const [r, g, b] = [data[4 * n], data[4 * n + 1], data[4 * n + 2]].map((value) => (invert ? 255 - value : value) / 255);
    if (channels === 1) x[n] = 0.299 * r + 0.587 * g + 0.114 * b;
    else [r, g, b].forEach((value, c) => (x[c * side * side + n] = value));
  }
  return x;
}
