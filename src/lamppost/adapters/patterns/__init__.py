"""Pattern engines: Hyperscan where it has a wheel, RE2 elsewhere; tested to agree."""
