"""How a database came to have its tables: one file per step, never changed once released."""
