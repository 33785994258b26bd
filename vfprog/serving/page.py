"""The page at ``/``: a form made of the bundle's dictionary, and the scripts that draw the answer.

Nothing comes from another host, nothing is stored, and no value of a patient is part of an address
that reaches the server: the page asks ``/v1/predict`` like any other client.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from vfprog.serving.page_form import form_groups, page_data
from vfprog.serving.page_texts import choose_language, load_texts
from vfprog.serving.problems import RefusalError
from vfprog.serving.service import service_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.scoring.bundle import Bundle

# A file's address holds the digest of all files, so that it never changes under its address.
_FOREVER = "public, max-age=31536000, immutable"
# What a system knows of file endings differs from machine to machine.
_MEDIA_TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False)


class Asset(NamedTuple):
    """A script or style sheet of the page.

    Parameters
    ----------
    content : bytes
        Content.
    media_type : str
        Media type with its character set.
    etag : str
        Digest in quotes.
    """

    content: bytes
    media_type: str
    etag: str


@router.get("/")
def page(request: Request) -> Response:
    """Return the page for the bundle that answers now."""
    language = choose_language(request.headers.get("accept-language", ""))
    served = service_of(request).served_for(request, 0)
    html = served.once(
        f"page.{language}", lambda bundle: render_page(bundle, load_texts(language), language)
    )
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    return Response(html, media_type="text/html", headers=headers)


@router.get("/assets/{version}/{name}")
def asset(version: str, name: str, request: Request) -> Response:
    """Return a script or style sheet; it may be kept for as long as a browser likes."""
    found = assets().get(name)
    if found is None or version != assets_version():
        raise RefusalError(404, "there is nothing here")
    headers = {"ETag": found.etag, "Cache-Control": _FOREVER}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


def render_page(bundle: Bundle, texts: Mapping[str, str], language: str) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    bundle : Bundle
        Decides what is asked.
    texts : mapping of str to str
        Texts by key.
    language : str
        Language of the texts.

    Returns
    -------
    str
        HTML without a script or style of its own.
    """
    return (
        _environment()
        .get_template("page.html")
        .render(
            t=lambda key, **words: texts[key].format(**words),
            language=language,
            assets=f"assets/{assets_version()}",
            model=bundle.identity,
            simulated=bundle.simulated,
            population_note=bundle.population_note,
            after_vertebroplasty=bundle.after_vertebroplasty,
            groups=form_groups(bundle, texts),
            data=page_data(bundle, texts),
        )
    )


@cache
def assets() -> dict[str, Asset]:
    """Return the scripts and style sheets by name, read once from the package."""
    folder = resources.files("vfprog.serving") / "static"
    read: dict[str, Asset] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        content, ending = file.read_bytes(), file.name.rsplit(".", 1)[-1]
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        read[file.name] = Asset(content, f"{_MEDIA_TYPES[ending]}; charset=utf-8", etag)
    return read


@cache
def assets_version() -> str:
    """Return the digest of all scripts and style sheets together."""
    digests = "".join(name + asset.etag for name, asset in assets().items())
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("vfprog.serving", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
