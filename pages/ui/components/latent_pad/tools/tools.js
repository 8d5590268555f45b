// The tools under the map, one at a time: a row of tabs, and the panel of the one that is open.

import { later, tr } from "../../words.js";
import { BlendTool } from "./blend_tool.js";
import { ConceptsTool } from "./concepts_tool.js";
import { InputTool } from "./input_tool.js";
import { PathsTool } from "./paths_tool.js";
import { PriorGridTool } from "./prior_grid_tool.js";
import { SelectionTool } from "./selection_tool.js";
import { SensitivityTool } from "./sensitivity_tool.js";
import { TraversalsTool } from "./traversals_tool.js";

const KINDS = [
  ["paths", later("Paths"), PathsTool, () => true],
  ["blend", later("Blend"), BlendTool, () => true],
  ["traversals", later("Traversals"), TraversalsTool, (data) => !data.columns],
  ["grid", later("Prior grid"), PriorGridTool, (data) => !data.columns && data.latents > 1],
  ["sensitivity", later("Sensitivity"), SensitivityTool, (data) => data.columns],
  ["selection", later("Selection"), SelectionTool, () => true],
  ["concepts", later("Concepts"), ConceptsTool, (data) => data.concepts],
  ["input", later("Own picture"), InputTool, (data) => !data.columns && data.has_encoder],
];

export class Tools {
  /** A tool is made when its tab is first opened, with (panel, pad); `onOpen(name)` when the user has opened or closed one. */
  constructor(parent, pad, onOpen) {
    const kinds = KINDS.filter(([, , , fits]) => fits(pad.data));
    Object.assign(this, { pad, kinds, onOpen, made: new Map() });
    this.list = parent.appendChild(document.createElement("div"));
    this.list.className = "lp-tabs";
    this.list.setAttribute("role", "tablist");
    this.list.setAttribute("aria-label", tr("Tools"));
    pad.root.addEventListener("keydown", this.escape);
    this.panels = parent.appendChild(document.createElement("div"));
    this.tabs = kinds.map(([name, title], k) => {
      const tab = this.list.appendChild(document.createElement("button"));
      Object.assign(tab, { type: "button", textContent: tr(title), id: `lp-tab-${name}` });
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-selected", "false");
      tab.addEventListener("click", () => {
        this.open(this.name === name ? null : name);
        this.onOpen(this.name);
      });
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step) this.tabs[(k + step + kinds.length) % kinds.length].focus();
      });
      return tab;
    });
  }

  escape = (event) => event.key === "Escape" && this.opened?.escape?.();

  /** The tool that is open, if one is. */
  get opened() {
    return this.made.get(this.name)?.tool;
  }

  /** Open a tool by its name, or none; a tool that is open looks at the link again. */
  open(name) {
    if (this.name !== name) this.opened?.close?.();
    this.name = this.kinds.some(([known]) => known === name) ? name : null;
    this.kinds.forEach(([known, , Kind], k) => {
      const isOpen = known === this.name;
      this.tabs[k].setAttribute("aria-selected", String(isOpen));
      if (isOpen && !this.made.has(known)) {
        const panel = this.panels.appendChild(document.createElement("div"));
        panel.className = `lp-panel lp-${known}`;
        panel.setAttribute("role", "tabpanel");
        panel.setAttribute("aria-labelledby", this.tabs[k].id);
        this.made.set(known, { panel, tool: new Kind(panel, this.pad) });
      }
      const made = this.made.get(known);
      if (made) made.panel.hidden = !isOpen;
    });
    this.opened?.open?.();
  }

  /** The networks are told another label: what tools have made with the old one goes. */
  relabel() {
    this.made.forEach(({ tool }) => tool.relabel?.());
  }

  close() {
    this.pad.root.removeEventListener("keydown", this.escape);
    this.made.forEach(({ tool }) => tool.close?.());
  }
}
