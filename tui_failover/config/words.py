"""What a text in the settings may be: names, lines, addresses, headers."""

import re
from ipaddress import ip_address
from typing import Annotated, NoReturn
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from tui_failover.config.secret import looks_secret
from tui_failover.core.text import scrub

MISTAKE = "settings"  # the error type of everything that is refused here
_NAME_LIMIT = 64
_LINE_LIMIT = 200
_WORDS_LIMIT = 4000
_HEADER_LIMIT = 1000
_ENV_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # a token, RFC 9110 section 5.6.2
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_NO_HOST_PORT = 'is no host and port; write them like "192.0.2.1:443"'
_NO_LISTEN = 'is no address to listen on; write it like "127.0.0.1:5000"'
_NO_HOST = 'is no name of a host; write it like "failover.example" or "failover.example:8443"'
_SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie", "x-goog-api-key", "x-auth-token"}
)
_OUR_HEADERS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "accept"})


def _refuse(sentence: str) -> NoReturn:
    raise PydanticCustomError(MISTAKE, "{sentence}", {"sentence": sentence}) from None


def _one_line(text: str, limit: int) -> str:
    if not text:
        _refuse("must not be empty")
    if len(text) > limit:
        _refuse(f"is {len(text)} characters long; at most {limit} are allowed")
    if scrub(text, limit) != text:
        _refuse("holds control or invisible characters, or white space at an end or doubled; remove them")
    return text


def _name(text: str) -> str:
    return _one_line(text, _NAME_LIMIT)


def _line(text: str) -> str:
    return _one_line(text, _LINE_LIMIT)


def _label(text: str) -> str:
    return text and _one_line(text, _NAME_LIMIT)


def _words(text: str) -> str:
    if not text.strip():
        _refuse("must not be empty")
    if len(text) > _WORDS_LIMIT:
        _refuse(f"is {len(text)} characters long; at most {_WORDS_LIMIT} are allowed")
    if any((char < " " and char not in "\n\t") or char == "\x7f" for char in text):
        _refuse("holds control characters; remove them")
    return text


def _env_name(text: str) -> str:
    if not _ENV_NAME.fullmatch(text):
        _refuse(
            "must be the name of an environment variable in capitals, such as OPENAI_API_KEY, never the key itself"
        )
    return text


def split_address(text: str) -> SplitResult:
    """Return the parts of an address that `Address` has accepted or would accept.

    Raises:
        ValueError: the text is no address; the message is not fit to be shown.
    """
    parts = urlsplit(text)
    if parts.port == 0:
        message = "port 0"
        raise ValueError(message)
    return parts


def is_loopback(host: str) -> bool:
    """Tell whether the host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _address(text: str) -> str:
    try:
        parts = split_address(_one_line(text, _LINE_LIMIT))
    except ValueError:
        _refuse("is not an address; write it like https://host:port/v1")
    if " " in text or not text.isascii():
        _refuse("holds characters an address cannot have; write them percent-encoded")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        _refuse("must begin with https:// or http:// and a host")
    if "@" in parts.netloc:
        _refuse("must not hold a user name or password; name the key with api_key_env or api_key_file")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        _refuse("must end with its path, without ? or #")
    return text.rstrip("/")


def _host_port(text: str) -> str:
    try:
        parts = split_address(f"tcp://{_one_line(text, _LINE_LIMIT)}")
    except ValueError:
        _refuse(_NO_HOST_PORT)
    if not parts.hostname or parts.port is None or parts.netloc != text or "@" in text or " " in text:
        _refuse(_NO_HOST_PORT)
    return text


def split_listen(text: str) -> tuple[str, int]:
    """Return host and port of an address to listen on, such as "127.0.0.1:5000" or "[::1]:0".

    Raises:
        ValueError: the text is no such address; the message says what one looks like.
    """
    try:
        parts = urlsplit(f"tcp://{scrub(text, _LINE_LIMIT)}")
        port = parts.port
    except ValueError:
        raise ValueError(_NO_LISTEN) from None
    if not parts.hostname or port is None or parts.netloc != text or "@" in text or " " in text:
        raise ValueError(_NO_LISTEN)
    return parts.hostname, port


def _listening(text: str) -> str:
    try:
        split_listen(text)
    except ValueError as problem:
        _refuse(str(problem))
    return text


def _token_reference(text: str) -> str:
    kind, _, name = _one_line(text, _LINE_LIMIT).partition(":")
    if kind == "env" and _ENV_NAME.fullmatch(name):
        return text
    if kind == "file" and name:
        return text
    _refuse('must say where the token is, never what it is: "env:NAME" or "file:path"')


def _host_name(text: str) -> str:
    try:
        parts = urlsplit(f"tcp://{_one_line(text, _LINE_LIMIT)}")
        _ = parts.port
    except ValueError:
        _refuse(_NO_HOST)
    if not parts.hostname or parts.netloc != text or "@" in text or " " in text:
        _refuse(_NO_HOST)
    return text


def _origin(text: str) -> str:
    address = _address(text)
    if address != text or urlsplit(address).path:
        _refuse("must be an origin: https:// and a host, without a path")
    return text


def _folder(text: str) -> str:
    return text and _one_line(text, _LINE_LIMIT)


def _header_name(text: str) -> str:
    lower = text.lower()
    if not _HEADER_NAME.fullmatch(text):
        _refuse("is not the name of an HTTP header")
    if lower in _SECRET_HEADERS:
        _refuse("is for secrets; name the key with api_key_env or api_key_file and choose auth instead")
    if lower in _OUR_HEADERS:
        _refuse("is set by the connection itself; remove it")
    return text


def _header_value(text: str) -> str:
    if len(text) > _HEADER_LIMIT:
        _refuse(f"is longer than {_HEADER_LIMIT} characters")
    if not _HEADER_VALUE.fullmatch(text):
        _refuse("holds characters a header cannot have; plain ASCII without line breaks is allowed")
    if looks_secret(text):
        _refuse("looks like a secret; name the key with api_key_env or api_key_file instead")
    return text


Name = Annotated[str, AfterValidator(_name)]
Line = Annotated[str, AfterValidator(_line)]
Label = Annotated[str, AfterValidator(_label)]
Words = Annotated[str, AfterValidator(_words)]
EnvName = Annotated[str, AfterValidator(_env_name)]
Address = Annotated[str, AfterValidator(_address)]
HostPort = Annotated[str, AfterValidator(_host_port)]
Listening = Annotated[str, AfterValidator(_listening)]
TokenReference = Annotated[str, AfterValidator(_token_reference)]
HostName = Annotated[str, AfterValidator(_host_name)]
Origin = Annotated[str, AfterValidator(_origin)]
Folder = Annotated[str, AfterValidator(_folder)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
