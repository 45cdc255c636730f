"""Releases: what is published of many, and when."""
