"""Telling members at once that there is something new to read."""
