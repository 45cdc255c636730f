"""The use cases: a baseline, a capstone, an explanation, a calibration, from start to end."""
