"""Every code a check can give: what it means and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """What a code means.

    Parameters
    ----------
    meaning : str
        What was found.
    what_to_do : str
        The next step of the person who owns the data.
    """

    meaning: str
    what_to_do: str


CATALOGUE: dict[str, Advice] = {
    # --- files
    "no_file": Advice(
        "a file or table is absent", "put it there, or name it in the mapping (file:)"
    ),
    "two_files": Advice("a table stands in two files", "remove one of the two"),
    "file_type": Advice(
        "the kind of file is not known", "export as CSV, Parquet, Excel or a database"
    ),
    "unreadable": Advice(
        "the file is damaged or is no table", "export it again; do not mend it by hand"
    ),
    "delimiter": Advice("the fields cannot be told apart", "set delimiter in the mapping"),
    "duplicate_column": Advice("two columns share a name", "rename one in the source"),
    "empty": Advice("the table has no rows", "check the export's filter"),
    "empty_row": Advice("a row without any value", "nothing, if it is the end of a sheet"),
    "formula_error": Advice("a spreadsheet formula failed", "mend the formula or clear the cell"),
    "read_as": Advice(
        "how a file or column was understood", "set it in the mapping if it is wrong"
    ),
    "ambiguous_date": Advice(
        "the day and the month cannot be told apart", "set date_format in the mapping"
    ),
    # --- columns
    "missing_column": Advice("a column that is needed is absent", "map it, or export it"),
    "unknown_column": Advice("a column nobody reads", "map it, or ignore it"),
    "unmapped_column": Advice(
        "a column the mapping does not mention", "map it, or list it under ignore"
    ),
    "unknown_name": Advice(
        "the mapping names a column vfprog lacks", "use a name of the dictionary"
    ),
    "no_episode_id": Advice("episodes have no identifier", "map one, so that faults can be traced"),
    "no_patient_id": Advice(
        "patients have no identifier", "map one, or two episodes of one patient count twice"
    ),
    "no_site_id": Advice("a site is not told", "map it, or sites cannot be validated one by one"),
    "constant": Advice("a predictor has one value only", "leave it out, or check the export"),
    "all_missing": Advice("a column holds nothing at all", "check the export, or leave it out"),
    # --- values
    "required": Advice("a value that is needed is absent", "fill it from the record"),
    "number": Advice("the value is no number", "correct it, or declare it under missing"),
    "count": Advice("the value is no whole number", "correct it"),
    "binary": Advice("the value is neither true nor false", "recode it in the mapping"),
    "level": Advice("the level is not declared", "recode it in the mapping, or correct it"),
    "date": Advice("the value is no date", "correct it, or set date_format"),
    "future_date": Advice("a date that is still to come", "correct it from the record"),
    "early_date": Advice(
        "a date before the first vertebroplasty", "correct it: a century may be missing"
    ),
    "hard_range": Advice(
        "a value that cannot be", "correct it, set unit, or declare it under missing"
    ),
    "usual_range": Advice("a value that is rare", "look at it once"),
    "vertebrae": Advice("nested vertebrae cannot be read", "write a list of objects, as JSON"),
    # --- values together
    "duplicate_id": Advice(
        "an episode stands more than once", "keep one row, or give each episode its own name"
    ),
    "episode_set_aside": Advice(
        "a row whose episode was set aside", "mend the episode; the row follows it"
    ),
    "broken_key": Advice("a row belongs to no episode", "correct the key, or add the episode"),
    "key_format": Advice(
        "the keys of two tables are written differently",
        "write them alike (leading zeros, prefixes)",
    ),
    "patient_key": Advice(
        "most episodes belong to one patient",
        "map the column that names the patient, or correct the key",
    ),
    "site_key": Advice(
        "nearly every episode has a site of its own",
        "map the column that names the site, or leave site_id out",
    ),
    "duplicate_level": Advice("a vertebra stands twice", "keep one row"),
    "untreated_cement": Advice("cement without a procedure", "correct treated or the cement"),
    "treatment_conflict": Advice(
        "a treated vertebra in an untreated episode", "correct one of the two"
    ),
    "before_index": Advice("follow-up before the index date", "correct the day, or the index date"),
    "after_follow_up": Advice(
        "something after the end of follow-up", "correct the day, or follow_up_end_day"
    ),
    "duplicate_death": Advice("a second death", "keep the right one"),
    "after_death": Advice("something after death", "correct the day, or the death"),
    "date_order": Advice(
        "days that do not fit the calendar or one another", "correct the date or the day"
    ),
    "contradiction": Advice(
        "two rows of one episode and day hold different values", "keep the right one"
    ),
    "pelvic_identity": Advice(
        "pelvic incidence is not tilt plus slope", "measure again, or correct the typing error"
    ),
    # --- columns as a whole
    "unit_suspect": Advice("a column seems to be in another unit", "set unit in the mapping"),
    "code_shift": Advice(
        "a column is coded otherwise, such as 1 and 2 for no and yes", "recode it in the mapping"
    ),
    "mixed_codes": Advice(
        "a column mixes two ways of coding", "recode both in the mapping; ask which sites differ"
    ),
    "disguised_missing": Advice("a number that seems to mean missing", "declare it under missing"),
    "missing_by_site": Advice(
        "sites differ in what they record", "ask the site; validate site by site"
    ),
    "missing_by_outcome": Advice(
        "whether a value is there depends on the outcome",
        "find out when it is recorded; leave it out if later",
    ),
    # --- rows as a whole
    "duplicate_rows": Advice("rows that repeat each other", "keep one of each"),
    "stacked_copies": Advice(
        "the same persons several times, such as imputed copies", "keep one copy, or use patient_id"
    ),
    "event_block": Advice(
        "a block of rows with another share of events", "ask how the file was put together"
    ),
    # --- what no predictor may be
    "identifier": Advice("a predictor identifies a person or centre", "leave it out"),
    "identifier_like": Advice("a predictor looks like an identifier", "list it under identifiers"),
    "row_number": Advice("a predictor counts the rows", "list it under identifiers"),
    "not_yet_known": Advice("a predictor is measured after the index date", "leave it out"),
    "outcome": Advice("a predictor is the outcome", "leave it out"),
    "encodes_outcome": Advice(
        "a predictor all but tells the outcome",
        "find out when it is recorded; leave it out if later",
    ),
    "missing_outcome": Advice("episodes without an outcome", "nothing: they are weighted for"),
    # --- beside a model
    "code_mismatch": Advice(
        "levels or units differ from those the model knows", "recode in the mapping"
    ),
    "reference_shift": Advice(
        "a column is unlike the one the model was trained on",
        "check code and unit before trusting a risk",
    ),
    "reference_range": Advice(
        "many values lie where the model has seen few", "check the unit; a risk is extrapolated"
    ),
}


def what_to_do(rule: str) -> str:
    """Return the advice for a code.

    Parameters
    ----------
    rule : str
        Code of a failure.

    Returns
    -------
    str
        What to do.
    """
    return CATALOGUE[rule].what_to_do
