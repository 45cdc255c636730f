"""Hardware-normalised benchmarks and a privacy-first cohort for TinyTorch students."""

__all__ = ["__version__"]

# Kept equal to pyproject.toml by tests/test_version.py: reading it from the
# installed metadata would add 30 ms to every start.
__version__ = "0.1.0"
