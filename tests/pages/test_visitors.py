"""Whom the limits count together."""

import pytest
from fastapi import Request

from app.api.buckets import Buckets
from app.errors import TooMany
from app.pages.visitors import VIEWS, Visitors


def request_from(host: str | None) -> Request:
    return Request({"type": "http", "headers": [], "client": host and (host, 5000), "state": {}})


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        (None, "unknown", False),
    ],
)
def test_a_subscriber_is_one_visitor(one: str | None, other: str, together: bool) -> None:
    """An address of IPv4, a /64 of IPv6."""
    visitors = Visitors(Buckets(lambda: 0.0))
    for _ in range(VIEWS):
        visitors.admit(request_from(one))
    with pytest.raises(TooMany):
        visitors.admit(request_from(one))

    if together:
        with pytest.raises(TooMany):
            visitors.admit(request_from(other))
    else:
        visitors.admit(request_from(other))
