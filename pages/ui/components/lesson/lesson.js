// One scene of a lesson: opened once, told anew whenever Streamlit says so.

import { tr } from "../words.js";

const SCENES = {
  keeps: () => import("./scenes/keeps.js"),
  holes: () => import("./scenes/holes.js"),
  epsilon: () => import("./scenes/epsilon.js"),
  tug: () => import("./scenes/tug.js"),
  collapse: () => import("./scenes/collapse.js"),
  interpolation: () => import("./scenes/interpolation.js"),
  disentangling: () => import("./scenes/disentangling.js"),
  anomalies: () => import("./scenes/anomalies.js"),
};

/** Show the scene that `data` describes in `root`; called again whenever data or theme change. */
export async function show(root, data) {
  const { lesson } = root;
  if (lesson && lesson.name === data.scene && lesson.words === data.words) {
    lesson.data = data;
    if (lesson.isOpen) lesson.scene.update(data); // else it is told once it is open
    return;
  }
  remove(root);
  root.lesson = { name: data.scene, words: data.words, data, isOpen: false };
  root.dataset.scene = data.scene;
  root.textContent = tr("Opening…");
  try {
    await open(root, root.lesson);
  } catch (error) {
    remove(root); // the next call tries again
    throw error;
  }
}

/** In a place of its own: another lesson may be wanted before this one is open. */
async function open(root, lesson) {
  const isWanted = () => root.lesson === lesson;
  const { Scene } = await SCENES[lesson.name]();
  if (!isWanted()) return;
  const place = document.createElement("div");
  place.className = "le-scene";
  place.commit = (told) => root.commit(told);
  root.replaceChildren(place); // what is drawn asks for its size
  lesson.scene = new Scene(place, lesson.data);
  await lesson.scene.open();
  if (!isWanted()) return lesson.scene.close();
  lesson.isOpen = true;
  lesson.scene.update(lesson.data);
  root.dataset.ready = "true";
}

export function remove(root) {
  if (root.lesson?.isOpen) root.lesson.scene.close();
  delete root.lesson;
  delete root.dataset.ready;
  root.replaceChildren();
}
