"""NCMEC CyberTipline: the elements of a report in schema order, and how they are written."""
