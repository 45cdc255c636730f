"""The website, for those who say yes: what may go there, what waits, how it is sent."""
