"""Checks the pages of printed reports: how many there are, and how far down each is filled, judging by its ink.

Usage: pages.py FILE.pdf... ; those of ordinary accounts have "ordinary" in their names.
"""

import pathlib
import sys

import numpy
import pypdfium2

# Maximum number of pages of an ordinary account.
MAX_PAGES = 4
# As a proportion of the height of a page.
MIN_FILLED = 0.5


def filled(page):
    """How far down there is ink, as a proportion of the height."""
    ink = page.render(scale=1, grayscale=True).to_numpy()
    rows = numpy.flatnonzero((ink.reshape(ink.shape[0], -1) < 250).any(axis=1))
    return (rows.max() + 1) / ink.shape[0] if len(rows) else 0.0


problems = []
for path in sys.argv[1:]:
    name = pathlib.Path(path).name
    pages = [filled(page) for page in pypdfium2.PdfDocument(path)]
    shown = ", ".join(f"{part:.0%}" for part in pages)
    print(f"{name}: {shown}")
    if "ordinary" in name and len(pages) > MAX_PAGES:
        problems.append(f"{name} has {len(pages)} pages")
    if any(part < MIN_FILLED for part in pages[:-1]) or not pages or pages[-1] == 0:
        problems.append(f"{name} has an empty half: {shown}")
assert len(sys.argv) > 1, "no file is named"
assert not problems, "; ".join(problems)
