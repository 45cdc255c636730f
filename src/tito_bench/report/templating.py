"""The templates of pages and cards, and the one way by which text gets into them.

Jinja2 escapes everything that is put in; before that, `safe_text` takes out
what a reader's eye would obey (bidi, control and invisible characters), which
no escaping touches and which XML does not even allow.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from tito_bench.safe_text import safe_text

__all__ = ["template", "template_text"]

_LONGEST = 400  # characters of one piece of foreign text


def template(name: str, **functions: Any) -> Template:
    """Load a template of this package; `functions` can be called from it and what it imports."""
    environment = _environment().overlay()
    environment.globals = {**environment.globals, **functions}
    return environment.get_template(name)


def template_text(name: str) -> str:
    """Return a file beside the templates, as it is."""
    return files("tito_bench.report").joinpath("templates", name).read_text("utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(template_text),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _harmless(value: Any) -> Any:
    """Return text as it is put in; `Markup` is what a template has made already."""
    return safe_text(value, _LONGEST) if type(value) is str else value
