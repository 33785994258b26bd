from __future__ import annotations

import json
import logging
import logging.config
import sys

from vfprog.serving.logs import LOGGER, JsonFormatter, Thin, log, logging_config, where_raised

PRIVATE = "private-4711"


def _raised() -> BaseException:
    try:
        {}[PRIVATE]
    except KeyError as error:
        return error


def test_an_event_is_one_line_of_json(logged) -> None:
    log("request", status=200, route="/v1/predict")
    (line,) = logged
    content = json.loads(line)
    assert content.pop("time").endswith("+00:00")
    assert content == {"level": "info", "event": "request", "status": 200, "route": "/v1/predict"}


def test_an_exception_is_named_without_its_text() -> None:
    assert where_raised(_raised()).startswith(f"KeyError at {__name__}:")
    assert where_raised(ValueError(PRIVATE)) == "ValueError"


def test_a_traceback_of_the_server_is_cut_to_its_place() -> None:
    try:
        raise RuntimeError(PRIVATE)
    except RuntimeError:
        record = logging.LogRecord(
            "uvicorn.error", logging.ERROR, "", 0, f"Exception in ASGI application\n{PRIVATE}",
            None, sys.exc_info(),
        )  # fmt: skip
    line = JsonFormatter().format(record)
    assert PRIVATE not in line
    assert json.loads(line)["event"] == "Exception in ASGI application"
    assert json.loads(line)["raised"].startswith("RuntimeError at tests.")


def test_the_configuration_is_one_python_takes() -> None:
    names = ("vfprog.serving", "uvicorn", "asyncio")
    before = {name: (logging.getLogger(name).handlers[:], logging.getLogger(name).propagate)
              for name in names}  # fmt: skip
    try:
        logging.config.dictConfig(logging_config())
        for name in names:
            (handler,) = logging.getLogger(name).handlers
            assert isinstance(handler.formatter, JsonFormatter)
    finally:
        for name, (handlers, propagate) in before.items():
            logging.getLogger(name).handlers[:] = handlers
            logging.getLogger(name).propagate = propagate


def test_what_others_write_again_and_again_is_written_once_a_minute() -> None:
    thin = Thin()

    def passes(text: str, at: float, name: str = "asyncio") -> bool:
        record = logging.LogRecord(name, logging.ERROR, "", 0, text, None, None)
        record.created = at
        return thin.filter(record)

    assert [passes("no socket", at) for at in (0.0, 1.0, 59.0, 60.0, 61.0)] == [
        True, False, False, True, False,
    ]  # fmt: skip
    assert passes("another", 1.0)
    assert all(passes("request", 1.0, LOGGER) for _ in range(3))
