"""Reads a workbook with openpyxl and compares every cell with Parquet.

Usage: check_xlsx.py WORKBOOK PARQUET SHEET [SAVED], where SHEET is the name of the only sheet, and SAVED is the workbook as
opened and saved by LibreOffice: its cells must be the same, but its layout may differ.
"""

import datetime as dt
import decimal
import json
import re
import sys

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.utils.escape import unescape

path, parquet, name, *saved = sys.argv[1:]
table = pq.read_table(parquet)
workbook = openpyxl.load_workbook(path)
assert workbook.sheetnames == [name], workbook.sheetnames
sheet = workbook[name]
assert sheet.freeze_panes == "A2", sheet.freeze_panes
assert sheet.auto_filter.ref.startswith("A1:"), sheet.auto_filter.ref
assert sheet.max_row == table.num_rows + 1, sheet.max_row
header = list(sheet[1])
assert [cell.value for cell in header] == table.column_names
assert all(cell.font.bold for cell in header)
assert all(sheet.column_dimensions[cell.column_letter].width >= len(cell.value) for cell in header)


def as_text(value):
    """A value within JSON."""
    if isinstance(value, dict):
        return {key: as_text(member) for key, member in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S") + (f".{value.microsecond:06}" if value.microsecond else "") + "Z"
    return value


def check(cell, value, kind, saved_by_office):
    found = unescape(cell.value) if isinstance(cell.value, str) else cell.value
    if saved_by_office and isinstance(found, str):
        # LibreOffice writes booleans as functions, uses one kind of line end, and has its own lower-case escapes.
        if found in ("=TRUE()", "=FALSE()"):
            assert isinstance(value, bool) and value is (found == "=TRUE()"), cell.coordinate
            return
        found = re.sub("_x00([0-9a-f]{2})_", lambda escape: chr(int(escape[1], 16)), found)
        value = value.replace("\r\n", "\n") if isinstance(value, str) else value
    if value is None or value == "" or value == [] and not pa.types.is_nested(kind.value_type):
        assert found is None, (cell.coordinate, kind)
    elif isinstance(value, bool):
        assert found is value and cell.data_type == "b", cell.coordinate
    elif isinstance(value, dt.datetime):
        if isinstance(found, str):
            # Excel has no such date.
            at = value.replace(tzinfo=None)
            assert at < dt.datetime(1900, 3, 1) or at.date() == dt.date.max, (cell.coordinate, value)
            assert found == as_text(value), (cell.coordinate, found)
            return
        assert cell.is_date, cell.coordinate
        # openpyxl rounds to milliseconds; LibreOffice keeps one digit less of the fraction of a day.
        most = dt.timedelta(microseconds=1000 if saved_by_office else 500)
        assert abs(found - value.replace(tzinfo=None)) <= most, (cell.coordinate, found, value)
    elif isinstance(value, decimal.Decimal):
        assert decimal.Decimal(str(found)) == value, (cell.coordinate, found, value)
    elif isinstance(value, int):
        assert found == value and cell.data_type == "n", cell.coordinate
    elif isinstance(value, list) and not pa.types.is_nested(kind.value_type):
        assert found == ",".join(value), cell.coordinate
    elif isinstance(value, (list, dict)):
        assert json.loads(found) == as_text(value), (cell.coordinate, found, value)
    else:
        # "f" would mean a formula.
        assert cell.data_type in ("s", "inlineStr") and found == value, (cell.coordinate, cell.data_type)


sheets = [(sheet, False), *((openpyxl.load_workbook(path)[name], True) for path in saved)]
for sheet, saved_by_office in sheets:
    for at, column in enumerate(table.columns):
        kind = table.schema.field(at).type
        for row, value in enumerate(column.to_pylist()):
            check(sheet.cell(row + 2, at + 1), value, kind, saved_by_office)
print(f"{table.num_rows} rows agree in {path} and Parquet")
