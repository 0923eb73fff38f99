"""Who may send a request: the browser that was given the address, from a page of this server.

A page of somebody else can make a browser send requests to 127.0.0.1, and can give a name of its
own that address (DNS rebinding). So the headers Host, Origin and Sec-Fetch-Site are checked, and
each request needs a cookie that only the address with the token sets.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

NAMES = ("127.0.0.1", "localhost")  # under which a browser may call this server
_OF_THIS_PAGE = ("same-origin", "none")  # values of Sec-Fetch-Site; none: typed by the user
_TOKEN_BYTES = 32


class RefusedError(Exception):
    """A request that is not answered; `status` is that of HTTP, the message one line."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _secret() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)


@dataclass
class Guard:
    """The secrets of one server.

    Attributes
    ----------
    port : int
    token : str
        In the address that the user is given; it lets one browser in, once.
    cookie : str
        What that browser sends from then on.
    """

    port: int
    token: str = field(default_factory=_secret)
    cookie: str = field(default_factory=_secret)
    token_used: bool = False

    @property
    def address(self) -> str:
        """The address with the token."""
        return f"http://{NAMES[0]}:{self.port}/?token={self.token}"

    @property
    def cookie_name(self) -> str:
        """With the port, since browsers send cookies to all ports of a host."""
        return f"lemf-{self.port}"

    @property
    def cookie_header(self) -> str:
        """The header Set-Cookie: no script reads the cookie, no other site has it sent."""
        return f"{self.cookie_name}={self.cookie}; Path=/; HttpOnly; SameSite=Strict"

    def check_source(self, method: str, headers: Mapping[str, list[str]]) -> None:
        """Refuse a request that was not sent from a page of this server or by the user.

        Parameters
        ----------
        method : str
        headers : mapping of str to list of str
            All values of each header, by its name in lower case.

        Raises
        ------
        RefusedError
        """
        hosts = [f"{name}:{self.port}" for name in NAMES]
        if len(headers.get("host", [])) != 1 or headers["host"][0].lower() not in hosts:
            raise RefusedError(403, f"this server answers to {hosts[0]} only")
        origins = headers.get("origin", [])
        if any(origin != f"http://{headers['host'][0].lower()}" for origin in origins):
            raise RefusedError(403, "requests from pages of other servers are refused")
        if method != "GET" and not origins:
            raise RefusedError(403, "the header Origin is missing; use the page in a browser")

    def check_site(self, headers: Mapping[str, list[str]]) -> None:
        """Refuse a request that a page of somebody else made the browser send.

        Raises
        ------
        RefusedError
        """
        if any(site not in _OF_THIS_PAGE for site in headers.get("sec-fetch-site", [])):
            raise RefusedError(403, "requests from pages of other servers are refused")

    def knows(self, headers: Mapping[str, list[str]]) -> bool:
        """Check whether a request has the cookie."""
        for header in headers.get("cookie", []):
            try:
                cookies = SimpleCookie(header)
            except CookieError:
                continue
            given = cookies.get(self.cookie_name)
            if given is not None and _same(given.value, self.cookie):
                return True
        return False

    def take_token(self, token: str) -> bool:
        """Check a token, which is accepted once."""
        if self.token_used or not _same(token, self.token):
            return False
        self.token_used = True
        return True


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())
