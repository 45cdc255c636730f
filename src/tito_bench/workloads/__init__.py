"""What is run: the operations of each suite, their inputs, native references and oracle."""
