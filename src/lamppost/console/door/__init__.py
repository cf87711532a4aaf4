"""The door: who somebody is, and that it is still them."""
