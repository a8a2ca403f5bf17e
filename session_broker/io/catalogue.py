"""What players may start: titles that are installed with the broker, and published ones, and their artwork."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from session_broker.core.records import CatalogueTitle
from session_broker.io.artwork import read_artwork
from session_broker.io.objects import Objects
from session_broker.io.releases import OfferedVersion
from session_broker.io.session_rows import catalogue_title
from wire.errors import Reason, WireError
from wire.ids import TitleId
from wire.title_manifest import InstalledTitle, TitleManifest
from wire.title_release import Channel


def artwork_key(archive_sha256: str) -> str:
    """Return the object that holds an archive's artwork, written anew as PNG."""
    return f"artwork/{archive_sha256}.png"


BETA = "@beta"
"""What follows a title's id where its beta version is meant; no id holds an ``@``."""


class Catalogue:
    """Changes only by ``offer``; an installed title keeps its id for itself."""

    def __init__(self, installed: Sequence[InstalledTitle], objects: Objects) -> None:
        self._installed = {title.manifest.id: title for title in installed}
        self._published: dict[str, OfferedVersion] = {}
        self._titles: dict[TitleId, CatalogueTitle] = {}
        self.offer([])
        self._objects = objects

    def offer(self, published: Sequence[OfferedVersion]) -> None:
        """Replace the published titles."""
        self._published = {
            f"{each.manifest.id}{BETA if each.channel is Channel.BETA else ''}": each
            for each in published
            if each.manifest.id not in self._installed
        }
        self._titles.clear()
        for title_id, title in self._installed.items():
            self._titles[TitleId(title_id)] = catalogue_title(title.manifest)
        for title_id, each in self._published.items():
            self._titles[TitleId(title_id)] = catalogue_title(each.manifest, each.release)

    def is_installed(self, title_id: str) -> bool:
        """Tell whether a title came with the broker, so that nobody may publish under its id."""
        return title_id in self._installed

    def manifests(self) -> list[TitleManifest]:
        """Return the manifests of all titles that players are offered."""
        installed = [title.manifest for title in self._installed.values()]
        return [*installed, *(each.manifest for each in self._published.values() if each.channel is Channel.STABLE)]

    def manifest(self, title_id: str) -> TitleManifest:
        """Return a title's manifest; a beta version's if players are not offered any other.

        Raises:
            WireError: ``unknown_title``.
        """
        installed = self._installed.get(title_id)
        return self._offered(title_id).manifest if installed is None else installed.manifest

    def titles(self) -> Mapping[TitleId, CatalogueTitle]:
        """Return what the core knows of them, and of beta versions under the title's id with ``BETA``.

        It is one mapping for good, which ``offer`` changes: whoever was given it sees what is offered now.
        """
        return self._titles

    async def artwork(self, title_id: str) -> tuple[bytes, str]:
        """Return a title's picture and its media type.

        Raises:
            WireError: ``unknown_title``, or ``not_found`` if it has none that may be served.
        """
        installed = self._installed.get(title_id)
        if installed is not None:
            return await asyncio.to_thread(read_artwork, installed)
        offered = self._offered(title_id)
        if not offered.manifest.about.artwork:
            raise WireError(Reason.NOT_FOUND, "this title has no artwork")
        return await self._objects.read(artwork_key(offered.release.archive_sha256)), "image/png"

    def _offered(self, title_id: str) -> OfferedVersion:
        found = self._published.get(title_id) or self._published.get(f"{title_id}{BETA}")
        if found is None:
            raise WireError(Reason.UNKNOWN_TITLE, "there is no such title here")
        return found
