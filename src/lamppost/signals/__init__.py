"""Reasons to look: what messages say, what accounts do, what changes for a child."""
