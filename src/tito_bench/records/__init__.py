"""What is kept on disk: where, in which shape, and how it cannot be lost."""
