"""How Streamlit comes by our components: it loads a few lines from a blob, and these load the modules from our route,
where modules can import each other."""

_LOADER = """
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector("ROOT");
  TELL
  const at = (path) => import(new URL(data.modules + path, location.origin).href);
  const spoken = at("../words.js").then((words) => words.speak(data.words));
  const loading = Promise.all([at("MODULE"), spoken]).then(([module]) => module);
  loading.then((module) => module.show(root, data)).catch((error) => {
    root.textContent = data.failed + " " + error.message;
  });
  return () => loading.then((module) => module.remove(root)).catch(() => {});
}
"""


def loader(root: str, module: str, tell: str = "") -> str:
    """The lines of a component whose data hold `modules`, `words` and `failed`, the sentence for when it cannot be had.

    Args:
        root: CSS selector of the element it shows itself in.
        module: Its module, with `show(root, data)` and `remove(root)`.
        tell: What gives the root its way to tell the server, with `setStateValue`.
    """
    return _LOADER.replace("ROOT", root).replace("MODULE", module).replace("TELL", tell)
