"""One line of JSON per event: what happened, never to whom.

Neither a value, a path as it was asked for, a query string nor a body is ever written; of an
exception its type and where it was raised, since its text may quote a value.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

LOGGER = "vfprog.serving"
_logger = logging.getLogger(LOGGER)
# Of the messages of other code: how often one is written, in seconds, and how many are remembered.
_EVERY_S, _MOST_KNOWN, _LONGEST = 60.0, 1000, 200


def log(event: str, level: int = logging.INFO, **fields: Any) -> None:
    """Write one event.

    Parameters
    ----------
    event : str
        What happened, such as ``request`` or ``reloaded``.
    level : int
        Level of `logging`.
    **fields : object
        What is known of it; JSON-ready.
    """
    _logger.log(level, event, extra={"fields": fields})


def where_raised(error: BaseException) -> str:
    """Return type and place of an exception, without its text.

    Parameters
    ----------
    error : BaseException
        The exception.

    Returns
    -------
    str
        Such as ``KeyError at vfprog.scoring.predict:81``.
    """
    frames = [(f.f_globals.get("__name__", "?"), line) for f, line in traceback.walk_tb(
        error.__traceback__)]  # fmt: skip
    ours = [f for f in frames if str(f[0]).startswith("vfprog")] or frames
    place = f" at {ours[-1][0]}:{ours[-1][1]}" if ours else ""
    return f"{type(error).__name__}{place}"


class Thin(logging.Filter):
    """Lets a message of somebody else's code through once a minute, however often it is written.

    Out of file descriptors, asyncio says so for every connection it cannot accept.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written."""
        if record.name == LOGGER:
            return True
        text = record.getMessage().partition("\n")[0][:_LONGEST]
        if record.created - self._last.get(text, -_EVERY_S) < _EVERY_S:
            return False
        if len(self._last) >= _MOST_KNOWN:
            self._last.clear()
        self._last[text] = record.created
        return True


class JsonFormatter(logging.Formatter):
    """Formats records of this service and of its server as one JSON object each."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "level": record.levelname.lower(), "event": record.getMessage()}
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            # A traceback that others wrote into their message begins on its second line.
            line["event"] = line["event"].partition("\n")[0]
            line["raised"] = where_raised(record.exc_info[1])
        return json.dumps(line)


def logging_config() -> dict[str, Any]:
    """Return the configuration of `logging.config.dictConfig` for the service and its server."""
    handler = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr",
               "filters": ["thin"]}  # fmt: skip
    loud = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"thin": {"()": Thin}},
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"stderr": handler},
        "loggers": {LOGGER: loud, "uvicorn": loud, "asyncio": loud},
    }
