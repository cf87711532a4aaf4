"""Filing: a report goes out once, whatever the network does meanwhile."""
