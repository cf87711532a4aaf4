"""Are we right, and for whom: scenarios, replay, metrics, baselines, corpora."""
