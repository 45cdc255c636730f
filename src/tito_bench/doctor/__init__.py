"""What is wrong with an installation, a project or a machine, found without changing any."""
