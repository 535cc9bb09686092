"""Where the endpoints may listen: loopback, unless something else is allowed in so many words."""

from __future__ import annotations

from typing import Any

import pytest

from tickpath.errors import ArgumentValueError
from tickpath.runtime.endpoints import HttpAddress, parse_address
from tickpath.runtime.endpoints.address import is_local


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("9464", "127.0.0.1", 9464),
        ("localhost:0", "127.0.0.1", 0),
        ("127.0.0.2:65535", "127.0.0.2", 65_535),
        ("[::1]:9464", "::1", 9464),
    ],
)
def test_a_loopback_address_is_taken(text: str, host: str, port: int) -> None:
    assert parse_address(text) == HttpAddress(host, port)


@pytest.mark.parametrize("text", ["0.0.0.0:9464", "192.168.1.5:9464", "[::]:9464"])
def test_an_address_that_others_reach_has_to_be_allowed(text: str) -> None:
    with pytest.raises(ArgumentValueError, match="--http-allow-remote"):
        parse_address(text)
    assert str(parse_address(text, allow_remote=True)) == text


@pytest.mark.parametrize(
    "text",
    ["", ":9464", "x", "65536", "-1", "localhost", "example.org:9464", "::1:9464", "[::1]", "1.2.3.4:²"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ArgumentValueError, match=r"address|host"):
        parse_address(text)


@pytest.mark.parametrize("text", ["[::1:9464", "::1]:9464"])
def test_one_bracket_is_none(text: str) -> None:
    with pytest.raises(ArgumentValueError, match=r"put into brackets, as in \[::1\]:9464"):
        parse_address(text)


def test_an_address_cannot_be_changed() -> None:
    address: Any = parse_address("9464")
    with pytest.raises(AttributeError):
        address.port = 80


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        *(
            ("localhost", True),
            ("LocalHost", True),
            ("127.0.0.1", True),
            ("127.8.9.1", True),
            ("[::1]", True),
            ("::1", True),
        ),
        *(
            ("evil.example", False),
            ("192.168.1.5", False),
            ("[fe80::1]", False),
            ("", False),
            ("localhost.", False),
        ),
    ],
)
def test_what_is_meant_for_this_machine_is_told_from_the_rest(host: str, is_ours: bool) -> None:
    assert is_local(host) is is_ours
