// What every explorer needs, whatever the model: on its way while the server still opens one.

import { loadPlotly } from "./map.js";
import { loadRuntime } from "./networks.js";

/** Errors are told by the explorer, which asks again. */
export function load({ plotly, runtime }) {
  loadPlotly(plotly).catch(() => {});
  import("./pad.js").catch(() => {});
  if (runtime) loadRuntime(runtime).catch(() => {});
}
