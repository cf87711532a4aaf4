"""What leaves the building: one folder per kind of report, and redaction."""
