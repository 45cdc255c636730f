"""Where everything in a chart goes: from a section's data to places, drawn by `charts.jinja`.

Places across are percent of the width and places down are pixels, so that a
chart is as wide as its page while its text and dots keep their size.
"""
