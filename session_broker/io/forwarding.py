"""HTTP requests about what another replica owns: carried there over the bus, answered there, carried back.

What only reads rows is answered by whichever replica was asked. Cookies are not carried: the replica that was asked
finds out who asks, and the owner checks that browser's rights anew.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from session_broker.core.bus_messages import BODY_MAX_CHARS, HttpAnswered, HttpAsked
from session_broker.core.effects import ReplicaId
from session_broker.io.bus import Bus, Post
from session_broker.io.distant_rows import Whereabouts
from session_broker.io.forwarded import FORWARDED, Forwarded
from session_broker.io.problems import on_database_error, on_http_exception, problem
from session_broker.io.replicas import Replicas
from wire.errors import Reason
from wire.schema import TEXT_MAX_CHARS

ANSWER_TIMEOUT_S = 5.0
"""Seconds that another replica has to answer."""

OWNER_MARGIN_S = 1.0
"""Seconds beyond a lease that a request waits for a session whose owner has died to get a new one."""

ANSWERING_MAX = 256
"""Requests of other replicas that are answered at once; the bus waits beyond that."""

_LOOK_S = 0.2
_ABOUT = re.compile(r"/api/v1/(?:operator/)?sessions/(?P<session>ses_[a-z2-7]{24})(?P<rest>/.*)?")
_NODE = re.compile(r"/api/v1/operator/nodes/(?P<node>node_[a-z2-7]{24})/.+")
_INVITED = re.compile(r"/api/v1/invitations/(?P<code>[^/]{1,64})(?:/redemption)?")
_CARRIED_THERE = ("host", "origin", "content-type", "accept", "sec-fetch-site")
_CARRIED_BACK = ("content-type", "location", "cache-control", "etag", "retry-after")
_log = structlog.get_logger()

Find = Callable[[str], Awaitable[Whereabouts | None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What another replica answered."""

    response: Response
    signs_in: str | None = None
    """The signed-in browser that was made for whoever asked; its cookie is still to be given."""


class Forwarding:
    """Owns the requests that wait for another replica and the tasks that answer those of others."""

    def __init__(self, replicas: Replicas, bus: Bus) -> None:
        self.app: ASGIApp | None = None
        """Answers what other replicas ask; set by the application."""
        self._replicas = replicas
        self._bus = bus
        self._waiting: dict[int, asyncio.Future[HttpAnswered]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._next = 0
        replicas.on_http = self._take

    async def ask(
        self,
        owner: ReplicaId,
        request: Request,
        device_id: str | None,
        *,
        query: str | None = None,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> Answer:
        """Have another replica answer a request.

        Args:
            owner: Who.
            request: The request; its body is read.
            device_id: The browser that is signed in, if one is.
            query: Instead of the request's own.
            timeout_s: Seconds to wait for the answer.
        """
        body = (await request.body()).decode("utf-8", "replace")
        headers = [item for name in _CARRIED_THERE if (value := request.headers.get(name)) for item in (name, value)]
        if len(body) > BODY_MAX_CHARS or any(len(item) > TEXT_MAX_CHARS for item in headers):
            return Answer(problem(Reason.TOO_LARGE, "this request is too long"))
        self._next += 1
        number, future = self._next, asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            path, asks = request.scope["path"], request.scope["query_string"].decode("latin-1")
            secure = request.url.scheme == "https"
            asked = HttpAsked(
                number,
                request.method,
                path,
                asks if query is None else query,
                tuple(headers),
                body,
                secure,
                device_id,
            )
            await self._bus.post((Post(owner, asked),))
            async with asyncio.timeout(timeout_s):
                answer = await future
        except (TimeoutError, SQLAlchemyError, OSError):
            words = "the server that has this session does not answer; try again"
            return Answer(problem(Reason.INTERNAL, words, 503))
        finally:
            del self._waiting[number]
        response = Response(answer.body, answer.status)
        response.raw_headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in zip(answer.headers[::2], answer.headers[1::2], strict=True)
        ]
        response.headers["content-length"] = str(len(answer.body.encode()))
        return Answer(response, answer.signs_in)

    async def close(self) -> None:
        """End what is being answered."""
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    def _take(self, sender: ReplicaId, message: HttpAsked | HttpAnswered) -> None:
        if isinstance(message, HttpAnswered):
            waiting = self._waiting.get(message.request)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
            return
        if len(self._answering) >= ANSWERING_MAX:
            return  # The asker gives up and says so.
        task = asyncio.create_task(self._answer(sender, message), name="answer another replica")
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, asker: ReplicaId, asked: HttpAsked) -> None:
        forwarded = Forwarded(asked.device_id)
        status, headers, body = await self._call(asked, forwarded)
        carried = [item for name, value in headers if name in _CARRIED_BACK for item in (name, value)]
        try:
            answered = HttpAnswered(asked.request, status, tuple(carried), body, forwarded.signs_in)
            await self._bus.post((Post(asker, answered),))
        except (SQLAlchemyError, OSError) as error:
            _log.warning("answer_lost", error=type(error).__name__)

    async def _call(self, asked: HttpAsked, forwarded: Forwarded) -> tuple[int, list[tuple[str, str]], str]:
        """Run a request through this replica's own application."""
        assert self.app is not None
        started: list[Message] = []
        parts: list[bytes] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": asked.body.encode(), "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
            else:
                parts.append(message.get("body", b""))

        await self.app({**_scope(asked), FORWARDED: forwarded}, receive, send)
        headers = Headers(raw=started[0]["headers"]).items()
        return started[0]["status"], list(headers), b"".join(parts).decode()


def _scope(asked: HttpAsked) -> dict[str, Any]:
    pairs = zip(asked.headers[::2], asked.headers[1::2], strict=True)
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "https" if asked.secure else "http",
        "path": asked.path,
        "raw_path": asked.path.encode(),
        "query_string": asked.query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs],
        "client": None,
        "server": None,
        "state": {},
    }


class ForwardingGate:
    """ASGI middleware: what is about a session or node elsewhere goes there; everything else passes."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        forwarding: Forwarding,
        replicas: Replicas,
        is_here: Callable[[str], bool],
        find_session: Find,
        find_node: Find,
        invited_to: Callable[[str], Awaitable[str | None]],
        device_of: Callable[[Request], Awaitable[str | None]],
        sign_in: Callable[[Response, Request, str], Awaitable[None]],
        lease_s: float,
    ) -> None:
        self._owner_timeout_s = lease_s + OWNER_MARGIN_S
        self._app = app
        self._forwarding = forwarding
        self._replicas = replicas
        self._is_here = is_here
        self._find_session = find_session
        self._find_node = find_node
        self._invited_to = invited_to
        self._device_of = device_of
        self._sign_in = sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one connection."""
        answer = None
        if scope["type"] == "http" and FORWARDED not in scope:
            request = Request(scope, receive)
            try:
                answer = await self._answer(request)
            except (SQLAlchemyError, OSError) as error:
                answer = await on_database_error(request, error)
            except HTTPException as error:
                answer = await on_http_exception(request, error)
        await (answer or self._app)(scope, receive, send)

    async def _answer(self, request: Request) -> Response | None:
        """Answer what is elsewhere; None if it is to be answered here."""
        reads = request.scope["method"] in ("GET", "HEAD")
        node = None if reads else _NODE.fullmatch(request.scope["path"])
        thing = node["node"] if node is not None else await self._session_of(request.scope)
        if thing is None or self._is_here(thing):
            return None
        return await self._elsewhere(thing, self._find_session if node is None else self._find_node, request)

    async def _session_of(self, scope: Scope) -> str | None:
        """Return the session that only its owner can answer for, if the request is about one."""
        about = _ABOUT.fullmatch(scope["path"])
        if about is not None:
            reads = scope["method"] in ("GET", "HEAD") and about["rest"] in (None, "/title")
            return None if reads else about["session"]
        invited = _INVITED.fullmatch(scope["path"])
        return await self._invited_to(invited["code"]) if invited is not None else None

    async def _elsewhere(self, thing: str, find: Find, request: Request) -> Response | None:
        """Answer by the owner of a session or node; None if it is gone or comes to be here."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._owner_timeout_s
        while not self._is_here(thing):
            where = await find(thing)
            if where is None or where.ended:
                return None
            if where.owner in self._replicas.members - {self._replicas.me}:
                answer = await self._forwarding.ask(where.owner, request, await self._device_of(request))
                if answer.signs_in is not None:
                    await self._sign_in(answer.response, request, answer.signs_in)
                return answer.response
            if loop.time() > until:
                return problem(
                    Reason.INTERNAL, "what this is about is between two servers; try again in a moment", 503
                )
            await asyncio.sleep(_LOOK_S)
        return None
