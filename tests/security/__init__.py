"""Each line of the threat model that a test can hold."""
