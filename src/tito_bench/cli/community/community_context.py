"""What every verb needs once it runs: the project's files, its settings, the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tito_bench.cli.options import project_root
from tito_bench.errors import StoreError, TitoBenchError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tito_bench.cli.streams import Streams
    from tito_bench.community.place import Place
    from tito_bench.community.profile import Profile
    from tito_bench.records.documents import Documents
    from tito_bench.records.project_config import Config
    from tito_bench.records.project_layout import Layout
    from tito_bench.records.schema import Document
    from tito_bench.website.community_api import CommunityApi
    from tito_bench.website.network_policy import NetworkPolicy
    from tito_bench.website.sharing import Sharing

__all__ = ["CommunityContext", "NotConnected", "NotJoined", "open_session"]


class NotJoined(TitoBenchError):
    """There is no profile."""


class NotConnected(TitoBenchError):
    """No community server may be asked."""


@dataclass(frozen=True)
class CommunityContext:
    """One run of a verb. `asks` says whether questions may be asked at all."""

    streams: Streams
    layout: Layout
    documents: Documents
    config: Config
    permission: NetworkPolicy
    asks: bool

    def profile(self) -> Document[Profile] | None:
        """Return the profile as it is on disk."""
        from tito_bench.community.profile import PROFILE

        return self.documents.load(PROFILE, self.layout.profile)

    def joined_profile(self) -> Document[Profile]:
        """Return the profile; raise `NotJoined` where there is none."""
        profile = self.profile()
        if profile is None:
            raise NotJoined("you have not joined here yet; run: tito-bench community join")
        return profile

    def place(self) -> Place:
        """Return this person at this project."""
        from tito_bench.community.place import Place

        return Place(self.layout.root, self.streams.environ)

    def sharing(self) -> Sharing:
        """Build what the website may be told of this project.

        It asks here, where anyone can be asked.
        """
        from tito_bench.website.sharing import Sharing

        def ask(question: str) -> bool:
            return self.streams.confirm(question, flag="--share")

        return Sharing(
            self.layout,
            self.documents,
            self.config,
            self.permission,
            self.place(),
            self.streams.now,
            self.say,
            self.show_exactly,
            ask if self.asks else None,
        )

    def community_api(self) -> CommunityApi:
        """Return the community server of this project.

        Raises `NotConnected` where there is none to be asked.
        """
        from tito_bench.website.community_api import CommunityApi
        from tito_bench.website.sharing import member_keys

        website, address = self.config.website, self.permission.address
        if not website.enabled or not website.api_url:
            raise NotConnected(
                "this project is connected to no community; run: tito-bench community connect "
                "ADDRESS, with the address that your instructor gave you"
            )
        if not self.permission.allowed or address is None:
            raise NotConnected(f"nothing was asked: the website is {self.permission.reason}")
        return CommunityApi(address, member_keys(self.sharing()))

    def check_local(self) -> None:
        """Raise `StoreError` where the settings say that nothing is to be kept here."""
        if not self.config.local.enabled:
            raise StoreError(
                "nothing is kept: local.enabled is false in .tinytorch/config.json; set it to true"
            )

    def say(self, *lines: str) -> None:
        """Write lines for people. Foreign text in them must have gone through `safe_text`."""
        self.streams.people.write("".join(f"{line}\n" for line in lines))

    def show_exactly(self, text: bytes | str) -> None:
        """Write the very bytes of a file or a request, unable to drive the terminal."""
        from tito_bench.safe_text import safe_json

        shown = text.decode() if isinstance(text, bytes) else text
        self.say(*(f"    {line}" for line in safe_json(shown).rstrip("\n").split("\n")))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> None:
        """Show a table; every cell is made harmless."""
        from rich import box
        from rich.table import Table

        from tito_bench.safe_text import plain

        table = Table(title=plain(title), title_justify="left", box=box.SIMPLE_HEAD)
        for head in heads:
            table.add_column(plain(head), overflow="fold")
        for row in rows:
            table.add_row(*(plain(cell) for cell in row))
        self.streams.console().print(table)

    def finish(self, document: dict[str, Any]) -> None:
        """Write the JSON document where `--json` asked for it."""
        if self.streams.json:
            self.streams.write_json(document)


def open_session(options: argparse.Namespace, streams: Streams) -> CommunityContext:
    """Find the project, read its settings, and look at what may be sent."""
    from tito_bench.records.documents import Documents
    from tito_bench.records.project_config import load_config
    from tito_bench.records.project_layout import Layout
    from tito_bench.website.network_policy import permission

    layout = Layout(project_root(options, streams).path)
    documents = Documents(streams.now)
    config = load_config(documents, layout.config)
    asks = streams.is_interactive() and not streams.json and not getattr(options, "yes", False)
    return CommunityContext(
        streams, layout, documents, config, permission(config, streams.environ), asks
    )
