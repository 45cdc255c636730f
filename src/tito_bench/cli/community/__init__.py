"""`tito-bench community`."""


def add_parsers(subparsers):
    """Nothing yet."""
