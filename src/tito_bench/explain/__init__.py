"""Where the time of an operation goes: evidence gathered apart from any score, and its causes."""
