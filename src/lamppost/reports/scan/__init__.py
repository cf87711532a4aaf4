"""The report of a scan: what a chat shows, why, and what to do now.

model.py      the report as data (its JSON Schema is published)
build.py      two passes over the export: fold, then fetch quotes
words.py      every sentence that people read
terminal.py   for a terminal      page.py + chart.py    one self-contained HTML file
views.py      a line per account and per child, for `lamppost score`
"""
