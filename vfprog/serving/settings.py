"""Limits of the service, and who may use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from vfprog.serving.keys import ApiKey


@dataclass(frozen=True)
class Settings:
    """What an operator decides.

    Parameters
    ----------
    max_body_bytes : int
        Longest request body; more is refused with 413 before it is read.
    max_batch : int
        Most patients of one request.
    timeout_s : float
        Seconds a request may take to arrive (408), and then to be answered (503).
    max_waiting : int
        Requests worked on or waiting at once; more are refused with 503.
    poll_s : float
        Seconds between two looks at the bundle for a new version.
    keys : tuple of ApiKey
        Keys of which a request must carry one; empty where none is asked for.
    public_url : str or None
        Address by which others reach the service, for links; None where none is told.
    max_connections : int
        Open connections; one more is closed at once.
    max_head_bytes : int
        Bytes the head of a request may have.
    head_timeout_s : float
        Seconds a connection may take to send the head of a request.
    fhir : str or Path
        Codes and units of FHIR: name or path of a configuration.
    """

    max_body_bytes: int = 2_000_000
    max_batch: int = 1000
    timeout_s: float = 30.0
    max_waiting: int = 64
    poll_s: float = 2.0
    keys: tuple[ApiKey, ...] = ()
    public_url: str | None = None
    max_connections: int = 500
    max_head_bytes: int = 65_536
    head_timeout_s: float = 10.0
    fhir: str | Path = "fhir"
