"""What changes for a child: one file per red flag, each with its card and one function that looks.

A file here with `CARD` and `look` is a red flag; nothing is registered by hand. Every card names
the innocent things that look the same.
"""
