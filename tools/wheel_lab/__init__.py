"""Building the sdist and the wheels on one Linux machine, and what is checked of them."""
