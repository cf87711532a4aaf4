"""What an account does: one file per behaviour, each with its card and one function that looks.

A file here with `CARD` and `look` is a detector; nothing is registered by hand.
"""
