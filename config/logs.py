"""What is left out of the log."""

import logging
import re

from procrastinate.exceptions import ConnectorException


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
