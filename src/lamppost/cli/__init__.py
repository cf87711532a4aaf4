"""The command line: verbs.

Each module of this folder with a function `register(app)` adds its verb; nothing is registered
by hand. Data goes to stdout, progress and summary to stderr. Exit codes: 0 done, 1 findings
(only with `--fail-on`), 2 wrong call or unreadable input, 3 engine or store down, 4 refused by
policy, 130 interrupted.
"""

from __future__ import annotations

from lamppost.cli._main import app, main

__all__ = ["app", "main"]
