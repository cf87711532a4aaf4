"""The steps, in the order their files are numbered."""
