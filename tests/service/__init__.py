"""The service: in one process, and from outside."""
