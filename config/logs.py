"""What the log holds: a line for each thing that happened, and no address, secret or word of anybody."""

import logging
import re

from gunicorn.glogging import Logger
from procrastinate.exceptions import ConnectorException

_LEFT_OUT: list[tuple[re.Pattern[str], str]] = [
    # What PostgreSQL says about the row: names, notes, whatever stands in it.
    (re.compile(r"\n(?:DETAIL|CONTEXT|HINT|LINE \d+):.*?(?=\n\S|\Z)", re.DOTALL), ""),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/@]+@", re.IGNORECASE), r"\1(left out)@"),
    (re.compile(r"[^\s@<>\"'(),;:=/?&]+@[^\s@<>\"'(),;:/?&]+\.[^\s@<>\"'(),;:/?&]+"), "(e-mail)"),
    (re.compile(r"[^\s@/=?&]+%40[^\s/&]+", re.IGNORECASE), "(e-mail)"),
    (re.compile(r"\b(?:fb_|whsec_)[\w+/=-]{8,}"), "(secret)"),
    (re.compile(r"\b((?:bearer|basic)\s+)[\w.~+/=-]+", re.IGNORECASE), r"\1(secret)"),
    (re.compile(r"\b((?:password|passwd|secret|secret_key|token|api_key)\s*[=:]\s*)\S+", re.IGNORECASE), r"\1(secret)"),
    (re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"), "(address)"),
    (re.compile(r"(?<![\w:.])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}(?![\w:])|(?<![\w:])::1(?![\w:])", re.I), "(address)"),
]

_CONTROLS = {number: f"\\x{number:02x}" for number in (*range(32), *range(127, 160))}
_CONTROLS |= {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class OneLine(logging.Formatter):
    """A line for each record: whatever somebody else wrote into it cannot begin another one."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record)).translate(_CONTROLS)


def without_secrets(text: str) -> str:
    """The text without e-mails, addresses of machines, passwords and tokens, as far as they can be told."""
    for pattern, instead in _LEFT_OUT:
        text = pattern.sub(instead, text)
    return text


class WebLog(Logger):
    """What gunicorn itself says, in the same lines at the same place."""

    def setup(self, cfg) -> None:
        super().setup(cfg)
        handler = logging.StreamHandler()
        handler.setFormatter(OneLine())
        self.error_log.handlers = [handler]


class LostDatabaseInALine(logging.Filter):
    """A worker whose database went away says so in a line; it is started again, and its stack tells nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], ConnectorException):
            record.msg, record.args = " ".join(record.getMessage().split()), ()
            record.exc_info = record.exc_text = None
        return True


class RefusedRequestInALine(logging.Filter):
    """What a request was refused for is a line: the answer was meant, and its stack tells nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
        return True


class LinksWithoutTheirSecrets(logging.Filter):
    """Django writes down the path of whatever it refused; what stands in a single-use link opens a door."""

    _SECRET = re.compile(r"(/(?:first-run|invitation|another-password)/)[^\s/?]+")

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if "/" in said and self._SECRET.search(said):
            record.msg, record.args = self._SECRET.sub(r"\1…", said), ()
        return True
