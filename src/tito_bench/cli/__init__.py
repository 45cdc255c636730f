"""The command line: one module per verb, all input and output through one `Streams`."""
