"""What people decide: the vault of evidence, the audit chain, retention, erasure."""
