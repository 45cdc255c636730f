"""What is sent to the server and what it answers."""
