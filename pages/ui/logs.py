"""What the server says of itself: with VAE_STUDIO_LOGS=json one object a line on standard error, else as usual.

    {"time", "level", "logger", "message"}, and of an exception {"type", "message", "causes", "trace"}

Neither ids of visits nor what was in somebody's file is told: of exceptions that are not ours the message is left out,
which may quote both.
"""

import json
import logging
import os
import re
import sys
import threading
import traceback
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from vae_core import workspace
from vae_core.errors import VAECoreError

ENVIRONMENT = "VAE_STUDIO_LOGS"
ROOT = Path(__file__).resolve().parents[2]
LONGEST = 2000
SECRETS = (
    (re.compile(r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "…"),  # Streamlit's ids of visits
    (re.compile(r"(upload_file|visitors)/[^/\s\"']+"), r"\1/…"),
    (re.compile(r"(/home|/Users|\\Users)([/\\])[^/\\\s\"']+"), r"\1\2…"),
)


def configure() -> None:
    """Let every logger there is, and every one there will be, write JSON, if that is wanted; a second time is free."""
    if os.environ.get(ENVIRONMENT, "").lower() != "json":
        return
    logging.setLoggerClass(_Logger)
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    for logger in (root, *logging.Logger.manager.loggerDict.values()):
        for handler in getattr(logger, "handlers", ()):
            _format(handler)
    logging.captureWarnings(True)
    sys.excepthook = _thrown
    threading.excepthook = lambda about: _thrown(about.exc_type, about.exc_value, about.exc_traceback)


class _Logger(logging.Logger):
    """Streamlit and uvicorn give each of their loggers a handler with a format of its own."""

    def addHandler(self, hdlr: logging.Handler) -> None:  # noqa: N802  # as it is called there
        _format(hdlr)
        super().addHandler(hdlr)


def _format(handler: logging.Handler) -> None:
    if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
        handler.setFormatter(Lines())
        if handler.stream is sys.stdout:
            handler.setStream(sys.stderr)


def _thrown(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is not None and not issubclass(kind, SystemExit):
        logging.getLogger(__name__).critical("Not caught", exc_info=(kind, error, trace))


class Lines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Of a record."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(record.getMessage()),
        }
        if record.exc_info and record.exc_info[1]:
            told["exception"] = _exception(record.exc_info[1])
        return json.dumps(told)


def clean(text: str) -> str:
    """Without control characters, without ids of visits, and without whose folder a file lies in."""
    for path, name in ((str(workspace.base()), "<workspace>"), (str(ROOT), "."), (str(Path.home()), "~")):
        if len(path) > 1:
            text = text.replace(path, name)
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    shown = "".join("\ufffd" if unicodedata.category(c)[0] == "C" and c != "\n" else c for c in text)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"


def _exception(error: BaseException) -> dict[str, Any]:
    told: dict[str, Any] = {"type": type(error).__name__}
    if isinstance(error, VAECoreError):
        told["message"] = clean(str(error))
    elif isinstance(error, OSError) and error.strerror:
        told["message"] = clean(error.strerror)
    causes, cause = [], error.__cause__ or error.__context__
    while cause is not None and type(cause).__name__ not in causes:
        causes.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    if causes:
        told["causes"] = causes
    frames = traceback.extract_tb(error.__traceback__)
    told["trace"] = [f"{_file(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    return told


def _file(name: str) -> str:
    """Below the project or its packages, not where these are."""
    *_, packages = name.replace("\\", "/").rpartition("site-packages/")
    return packages if packages != name.replace("\\", "/") else clean(name).removeprefix("./")
