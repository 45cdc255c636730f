"""Opening a page in the browser of this person."""

from __future__ import annotations

__all__ = ["opened"]


def opened(url: str) -> bool:
    """Open an address that was looked at before; whether there is a browser that took it."""
    import webbrowser

    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
