"""Compares the rows of an engine with those of a Parquet file."""

import collections

KEYS = {"contacts": ("id",), "messages": ("id",), "activities": ("message_id", "position")}


def held(engine, kind, value, text_format):
    """A value of a Parquet file in the form that the engine can store according to docs/sql.md."""
    if engine == "sqlite" and isinstance(value, str):
        # Its CSV reader ends a text at a NUL character, and reads an empty text as null.
        value = value.split("\0")[0]
        if value == "" and text_format.startswith("csv"):
            return None
    if engine in ("sqlite", "spark") and text_format == "null.csv" and value == "NULL":
        # Their CSV readers ignore quotes.
        return None
    if engine == "postgres" and isinstance(value, str):
        return value.replace("\0", "")
    if engine in ("clickhouse", "iceberg") and kind.startswith("list") and value is None:
        return []
    return value


def ordered(resource, rows):
    return sorted(rows, key=lambda row: tuple(row[name] for name in KEYS[resource]))


def compare(what, resource, columns, wanted, rows):
    wanted, rows = ordered(resource, wanted), ordered(resource, rows)
    assert len(rows) == len(wanted), f"{what}: {len(rows)} rows instead of {len(wanted)}"
    different = collections.Counter()
    example = {}
    for a, b in zip(wanted, rows):
        assert list(b) == list(columns), f"{what}: the columns are {list(b)}"
        for name in columns:
            if a[name] != b[name] or type(a[name]) is not type(b[name]):
                different[name] += 1
                example.setdefault(name, (a[name], b[name]))
    assert not different, f"{what}: {dict(different)} {example}"
