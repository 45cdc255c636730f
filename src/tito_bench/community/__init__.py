"""A cohort to learn with: profile, progress, consent, statistics. Never a ranking."""
