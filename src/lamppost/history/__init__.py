"""What we remember, for how long: bounded state per relationship, account and child."""
