"""Members: what their messages do, and what they can ask for."""
