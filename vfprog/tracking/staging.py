"""Write tables and figures as the files MLflow's pages show, one folder for each run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vfprog.records import Param

if TYPE_CHECKING:
    from pathlib import Path

    from vfprog.records import Figure, Table

# Every MLflow server takes a value of this length, and a table of runs stays readable.
LONGEST_PARAM = 500
LONGEST_SHOWN_TABLE = 5000
FIGURE_DPI = 150
# A quarter larger and a tenth faster than the default: drawing is most of the time of sending.
_FAST = {"compress_level": 1}

_TABLES_TAG = "mlflow.loggedArtifacts"


@dataclass
class Staging:
    """The files of one run, gathered in one folder so that they are sent in one call.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder.
    tables : list of str
        Paths of the tables written so far, relative to the folder.
    """

    folder: Path
    tables: list[str] = field(default_factory=list)

    def add_table(self, table: Table) -> None:
        """Write a table: JSON for MLflow's table page and CSV to take away, Parquet if long."""
        stem = f"tables/{table.name}"
        if len(table.frame) > LONGEST_SHOWN_TABLE:
            table.frame.to_parquet(self._place(f"{stem}.parquet"), index=False)
            self.tables.append(f"{stem}.parquet")
            return
        table.frame.to_csv(self._place(f"{stem}.csv"), index=False)
        table.frame.to_json(
            self._place(f"{stem}.json"),
            orient="split",
            index=False,
            date_format="iso",
            double_precision=15,
        )
        self.tables.append(f"{stem}.json")

    def add_figure(self, figure: Figure) -> None:
        """Write a figure as PNG, sharp enough for a report."""
        figure.figure.savefig(
            self._place(f"figures/{figure.name}.png"), dpi=FIGURE_DPI, pil_kwargs=_FAST
        )

    def shorten(self, param: Param) -> Param:
        """Return a parameter fit for the page; one too long is kept whole in a file."""
        text = str(param.value)
        if len(text) <= LONGEST_PARAM:
            return Param(param.name, text)
        stem = re.sub(r"[^\w.-]", "_", param.name)
        name = f"parameters/{stem}.txt"
        self._place(name).write_text(text, encoding="utf-8")
        return Param(param.name, f"see {name}")

    def tags(self) -> dict[str, str]:
        """Return the tag by which MLflow's pages find the tables."""
        if not self.tables:
            return {}
        entries = [{"path": path, "type": "table"} for path in self.tables]
        return {_TABLES_TAG: json.dumps(entries)}

    def _place(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
