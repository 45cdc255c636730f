"""The process that holds the student's code: it answers questions and times in C."""
