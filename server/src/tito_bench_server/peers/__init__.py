"""Members find each other: roster, study groups, mentors; block and report."""
