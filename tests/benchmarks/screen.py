"""What a browser holds of a page that Streamlit sends: the elements, the address, and the messages it keeps."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BidiComponent_pb2 import BidiComponent
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ENDED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


@dataclass
class Placed:
    """A delta, and the run that sent it last."""

    delta: Delta
    run: str


@dataclass
class Run:
    """A run of the script, or of some of its fragments."""

    id: str = ""
    fragments: tuple[str, ...] = ()


@dataclass
class Screen:
    """Messages in, what they come to out.

    Attributes:
        placed: Elements and blocks by their path.
        kept: Messages that the server need not send again, by their hash.
        run: The one under way, or the last one.
        query: Of the address, as the page sets it.
        session: The server's id for this visit.
        pages: Path of each page -> the hash it is asked by.
        broken: What a script said when it could not even be compiled, and references to what is not kept.
    """

    placed: dict[tuple[int, ...], Placed] = field(default_factory=dict)
    kept: dict[str, ForwardMsg] = field(default_factory=dict)
    run: Run = field(default_factory=Run)
    query: str = ""
    session: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    page: str = ""
    broken: list[str] = field(default_factory=list)

    def take(self, message: ForwardMsg) -> None:
        """Do what a browser does with a message."""
        kind = message.WhichOneof("type")
        if kind in ("delta", "ref_hash"):
            self._place(message)
        elif kind == "new_session":
            self.run = Run(message.metadata.run.script_run_id, tuple(message.metadata.run.fragment_ids))
            self.session = message.new_session.initialize.session_id or self.session
        elif kind == "script_finished":
            self._finish(message)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            self.page = message.navigation.page_script_hash
        elif kind == "page_not_found":
            self.broken.append("there is no such page")
        elif kind == "session_event" and message.session_event.WhichOneof("type") == "script_compilation_exception":
            self.broken.append(message.session_event.script_compilation_exception.message)

    def _place(self, message: ForwardMsg) -> None:
        path = tuple(message.metadata.delta_path)
        if message.WhichOneof("type") == "ref_hash":
            known = self.kept.get(message.ref_hash)
            if known is None:
                self.broken.append("a reference to a message that was never sent")
                return
            message = known
        elif message.metadata.cacheable:
            self.kept[message.hash] = message
        if message.delta.WhichOneof("type") != "new_transient":  # a spinner lies over what is there
            self.placed[path] = Placed(message.delta, self.run.id)

    def _finish(self, message: ForwardMsg) -> None:
        """What a run has not sent again is gone from the page."""
        if message.script_finished not in ENDED:
            return
        fragments = self.run.fragments
        self.placed = {
            path: placed
            for path, placed in self.placed.items()
            if placed.run == self.run.id or (fragments and placed.delta.fragment_id not in fragments)
        }

    def elements(self) -> Iterator[tuple[Element, str]]:
        """Every element in order, with the fragment that it belongs to."""
        for _, placed in sorted(self.placed.items()):
            if placed.delta.WhichOneof("type") == "new_element":
                yield placed.delta.new_element, placed.delta.fragment_id

    def ids(self) -> set[str]:
        """Of all widgets."""
        widgets = (getattr(element, element.WhichOneof("type") or "empty") for element, _ in self.elements())
        return {widget.id for widget in widgets if getattr(widget, "id", "")}

    def component(self, name: str) -> tuple[BidiComponent, str]:
        """The component of a name, and its fragment."""
        for element, fragment in self.elements():
            if element.bidi_component.component_name == name:
                return element.bidi_component, fragment
        raise LookupError(f"no component {name} among {self.kinds()}")

    def component_data(self, name: str) -> Any:
        """What the page gave to a component."""
        return json.loads(self.component(name)[0].json)

    def labelled(self, kind: str, label: str = "", key: str = "") -> tuple[Element, str]:
        """An element, and its fragment.

        Args:
            kind: As `button`.
            label: What stands on it; left empty, the first one of the kind.
            key: How the app calls it, where several have the same label.
        """
        for element, fragment in self.elements():
            if element.WhichOneof("type") == kind:
                found = getattr(element, kind)
                if (not label or found.label == label) and (not key or found.id.endswith(key)):
                    return element, fragment
        raise LookupError(f"no {kind} {label!r} among {self.kinds()}")

    def has(self, kind: str, label: str, key: str = "") -> bool:
        """Whether there is such an element."""
        try:
            self.labelled(kind, label, key)
        except LookupError:
            return False
        return True

    def kinds(self) -> list[str]:
        return [element.WhichOneof("type") or "" for element, _ in self.elements()]

    def text(self) -> str:
        """What is written on the page, outside of components."""
        return "\n".join(
            getattr(getattr(element, element.WhichOneof("type") or "empty"), "body", "")
            for element, _ in self.elements()
        )

    def errors(self) -> list[str]:
        """What a visitor would see in red."""
        shown = [element for element, _ in self.elements()]
        told = [f"{e.exception.type}: {e.exception.message}" for e in shown if e.WhichOneof("type") == "exception"]
        red = [e.alert.body for e in shown if e.WhichOneof("type") == "alert" and e.alert.format == Alert.ERROR]
        return [*self.broken, *told, *red]
