"""Waiting for what was asked of the server: it may begin a run anew, or several at once."""

import asyncio
from dataclasses import dataclass

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.benchmarks.screen import ENDED, Screen


class VisitError(Exception):
    """What a visitor met instead of the page."""


@dataclass
class Awaited:
    """A run that was asked for: of the whole script, or of a fragment."""

    fragment: str
    ended: asyncio.Future[None]
    run: str | None = None

    def follow(self, screen: Screen, message: ForwardMsg) -> None:
        """See it begin, begin anew, and end: with `st.rerun`, or on another page, of which the end is not told."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            run = screen.run
            if not run.fragments or (self.run is None and self.fragment in run.fragments):
                self.run = run.id
        elif kind == "script_finished" and message.metadata.run.script_run_id == self.run:
            if message.script_finished in ENDED:
                self.end()
            elif message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self.run = None
            else:
                self.end(VisitError("the script cannot be compiled"))

    def end(self, error: Exception | None = None) -> None:
        if self.ended.done():
            return
        if error:
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)
