"""Makes many machines out of one, for benchmarks/fairness.py."""
