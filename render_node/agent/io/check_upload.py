"""Gives what a check found to the broker over HTTP. Redirects are not followed: the key is for the broker."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

from wire.errors import Reason, WireError

TIMEOUT_S = 10.0
TRIES = 10
TRY_AGAIN_S = 2.0
"""A broker that begins anew is back within a few of these."""


def put(url: str, bearer: str, content: bytes, content_type: str) -> None:
    """Upload one thing; blocks, for half a minute at most unless each try takes its whole time.

    Args:
        url: ``http`` or ``https``.
        bearer: The node's id and key.
        content: What is uploaded.
        content_type: Its media type.

    Raises:
        WireError: ``internal``: the broker refuses it, or does not answer.
    """
    for tries_left in range(TRIES - 1, -1, -1):
        try:
            status = _put(url, bearer, content, content_type)
        except (OSError, http.client.HTTPException) as error:
            if not tries_left:
                raise WireError(Reason.INTERNAL, f"the broker does not answer: {type(error).__name__}") from error
        else:
            if status < http.client.BAD_REQUEST:
                return
            if status < http.client.INTERNAL_SERVER_ERROR or not tries_left:
                raise WireError(Reason.INTERNAL, f"the broker answered {status}")
        time.sleep(TRY_AGAIN_S)


def _put(url: str, bearer: str, content: bytes, content_type: str) -> int:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": content_type}
        connection.request("PUT", parts.path, content, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
