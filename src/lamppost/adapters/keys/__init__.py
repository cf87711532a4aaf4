"""Keys outside the database: a key folder, a port to a key service, the file of checkpoints."""
