"""The community server of tito-bench."""

__version__ = "0.1.0"
