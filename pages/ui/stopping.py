"""Told to stop, the server closes its connections and waits for answers under way; here is how long at most.

uvicorn waits for ever: one visitor with a slow line, or one who reads no further, would keep it from ending. Nothing
is lost by going: files are replaced whole, and trainings are processes of their own.
"""

import logging
import os
import signal
import threading
import time
from types import FrameType

SECONDS = 7.0
log = logging.getLogger(__name__)


def limit() -> None:
    """Let this process end so long after it was told to; to be called when the server has its own handlers."""
    if threading.current_thread() is not threading.main_thread():
        return  # signals come to the main thread, and whoever runs us in another one stops us in another way
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def stop(number: int, frame: FrameType | None, before: object = before) -> None:
            threading.Thread(target=_leave, name="leave", daemon=True).start()
            if callable(before):
                before(number, frame)

        signal.signal(number, stop)


def _leave() -> None:
    time.sleep(SECONDS)
    log.warning("Some visitors were still being answered after %s s; the server ends now.", SECONDS)
    os._exit(0)
