"""The machine that is measured on: what it can do, and what about it disturbs a measurement."""
