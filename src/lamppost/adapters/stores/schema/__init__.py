"""Every table, one module a topic. Times are milliseconds UTC; no text is private in clear.

A change here needs a migration, one file a step, each after the newest; a test compares the two.
"""

from __future__ import annotations

import importlib
import pkgutil

from lamppost.adapters.stores.schema.base import metadata

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["metadata"]
