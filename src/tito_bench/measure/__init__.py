"""Measuring: a worker process, paired rounds in random order, statistics, a verdict."""
