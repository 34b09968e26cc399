"""Reads CSV for Excel or PostgreSQL by the rules of docs/reading-files.md, and compares every text with Parquet.

Usage: check_csv.py FOLDER DIALECT, where FOLDER holds c.csv and c.parquet of one run, and DIALECT is excel or postgres.
"""

import csv
import io
import sys

import pyarrow as pa
import pyarrow.parquet as pq

folder, dialect = sys.argv[1:]
table = pq.read_table(f"{folder}/c.parquet")
encoding, delimiter, line_end = {"excel": ("utf-8-sig", ";", b"\r\n"), "postgres": ("utf-8", ",", b"\n")}[dialect]
with open(f"{folder}/c.csv", "rb") as file:
    raw = file.read()
assert raw.startswith(b"\xef\xbb\xbf") == (dialect == "excel")
assert raw.endswith(line_end)
rows = list(csv.reader(io.StringIO(raw.decode(encoding), newline=""), delimiter=delimiter, strict=True))
assert rows[0] == table.column_names
assert len(rows) == table.num_rows + 1


def text_for_excel(cell):
    assert not cell.startswith(("+", "-", "@", "\t", "\r", "\n")), cell
    if cell.startswith('="'):
        assert cell.endswith('"'), cell
        return cell[2:-1].replace('""', '"')
    assert not cell.startswith("="), cell
    return cell[1:] if cell.startswith("'") else cell


def items_of_array(cell):
    assert cell.startswith("{") and cell.endswith("}"), cell
    items, item, quoted, at = [], None, False, 1
    while at < len(cell) - 1:
        character = cell[at]
        if quoted and character == "\\":
            at += 1
            item += cell[at]
        elif character == '"':
            quoted = not quoted
            item = item or ""
        elif character == "," and not quoted:
            items.append(item)
            item = None
        else:
            item = (item or "") + character
        at += 1
    return items + [item] if len(cell) > 2 else items


checked = 0
for at, column in enumerate(table.columns):
    kind = table.schema.field(at).type
    if not pa.types.is_string(kind) and not pa.types.is_list(kind):
        continue
    for row, value in zip(rows[1:], column.to_pylist()):
        cell = row[at]
        if pa.types.is_list(kind) and dialect == "postgres":
            assert items_of_array(cell) == value, (cell, value)
        elif pa.types.is_list(kind):
            assert text_for_excel(cell) == ",".join(value), (cell, value)
        elif dialect == "excel":
            assert text_for_excel(cell) == (value or ""), (cell, value)
        else:
            assert cell == (value or ""), (cell, value)
        checked += 1
print(f"{checked} texts agree in {dialect} and Parquet")
