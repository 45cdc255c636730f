"""The steps that a database has gone through; each is walked up and down on both systems."""
