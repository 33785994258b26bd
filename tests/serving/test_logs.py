from __future__ import annotations

import json
import logging
import logging.config
import sys

from vfprog.serving.logs import JsonFormatter, log, logging_config, where_raised

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
