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
    if (root.dataset.ready) lesson.scene.update(data); // else it is told once it is open
    return;
  }
  remove(root);
  const mine = { name: data.scene, words: data.words, data, scene: null };
  root.lesson = mine;
  root.dataset.scene = data.scene;
  root.textContent = tr("Opening…");
  const { Scene } = await SCENES[data.scene]();
  if (root.lesson !== mine) return;
  root.textContent = "";
  const scene = new Scene(root, mine.data);
  mine.scene = scene;
  await scene.open();
  if (root.lesson !== mine) return;
  scene.update(mine.data);
  root.dataset.ready = "true";
}

export function remove(root) {
  root.lesson?.scene?.close();
  delete root.lesson;
  delete root.dataset.ready;
  root.replaceChildren();
}
