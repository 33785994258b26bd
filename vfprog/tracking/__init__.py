"""Sends records to MLflow and registers bundles there; the only place that imports MLflow.

Import this package before MLflow: MLflow reads these settings while it is being imported. A
variable the user has set already is left as it is.
"""

from __future__ import annotations

import os

# No usage report leaves the machine of a hospital, and no error message repeats a patient's row.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_DISABLE_SCHEMA_DETAILS", "true")
os.environ.setdefault("MLFLOW_DISABLE_AGENT_HINT", "true")
