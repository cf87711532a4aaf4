"""A real chat export in, events out; one file per source.

Each module in this folder that defines `IMPORTER` is an importer; nothing is registered by
hand. `lamppost.importers.detect` finds the right one, `lamppost.importers.source` reads files,
folders and archives safely.
"""
