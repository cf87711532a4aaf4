"""Vault, audit chain, retention and erasure."""
