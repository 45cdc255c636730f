"""What can be said for a record, apart from the code that reads one: `--help` must be quick."""

__all__ = ["RECORD_WORDS"]

RECORD_WORDS = (
    "a file, latest, latest~1 (the one before), or a day or minute as 2026-11-22 or "
    "'2026-11-22 20:30' (its newest record, local time)"
)
