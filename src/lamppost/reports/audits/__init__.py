"""Pages of audits: a title, what was found, plots and tables, in one self-contained file."""

from lamppost.reports.audits.page import Bar, Page, Point, Section, Table, bars, html, plain

__all__ = ["Bar", "Page", "Point", "Section", "Table", "bars", "html", "plain"]
