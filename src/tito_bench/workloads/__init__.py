"""What is run: the operations of each suite, their inputs, native twins and oracle."""
