// Pictures as a film, recorded by the browser itself: MP4 where it can, else WebM.

import { tr } from "../../words.js";

const KINDS = ["video/mp4;codecs=avc1.42E01E", "video/mp4", "video/webm"];
const FRAME_MS = 42; // 24 a second
const LEAST_SIDE = 256;

/** The kind of film this browser records; null if it records none. */
export function filmKind() {
  return KINDS.find((kind) => globalThis.MediaRecorder?.isTypeSupported(kind)) ?? null;
}

/** "mp4" or "webm". */
export function endingOf(kind) {
  return kind.split(";")[0].split("/")[1];
}

/** Record canvases one after the other; `onProgress(share)` meanwhile. It takes as long as the film lasts. */
export async function record(pictures, kind, onProgress) {
  const canvas = document.createElement("canvas");
  const times = Math.max(Math.ceil(LEAST_SIDE / pictures[0].width), 1);
  // encoders want even sides
  Object.assign(canvas, { width: (pictures[0].width * times + 1) & ~1, height: (pictures[0].height * times + 1) & ~1 });
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  const recorder = new MediaRecorder(canvas.captureStream(1000 / FRAME_MS), { mimeType: kind, videoBitsPerSecond: 4e6 });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve, reject) => {
    recorder.onstop = resolve;
    recorder.onerror = ({ error }) => reject(error ?? new Error(tr("the recorder stopped")));
  });
  recorder.start();
  for (const [k, picture] of pictures.entries()) {
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    onProgress((k + 1) / pictures.length);
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
  }
  recorder.stop();
  await stopped;
  return new Blob(parts, { type: kind.split(";")[0] });
}
