"""What people decide: cases, the vault of evidence, the audit chain, retention, erasure."""
