"""What a request says: its body as JSON or as a form, its query string, and PHP's way to nest both, `a[b][0]=x`."""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from config.api.answers import TOO_LARGE, ApiError

DEEPEST = 8
"""So many brackets may follow a name."""

Data = dict[str, Any]

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def body_of(request: HttpRequest) -> Data | list[Any]:
    """The body, whatever the method: a form, else JSON; nothing is an empty one.

    Raises:
        ApiError: it cannot be read, or holds what PostgreSQL could not keep.
    """
    try:
        if request.content_type == MULTIPART:
            return _nested([(name, value) for name, values in request.POST.lists() for value in values], "body")
        text = request.body.decode()
    except RequestDataTooBig:
        raise ApiError(413, TOO_LARGE) from None
    except (UnicodeDecodeError, UnreadablePostError):
        raise ApiError(400, "The body cannot be read.") from None
    return _form(text, "body") if is_form(request) else _json(text)


URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def is_form(request: HttpRequest) -> bool:
    """Whether the body is a form. What does not say what it is, is JSON."""
    return request.content_type in (URLENCODED, MULTIPART)


def query_of(request: HttpRequest) -> Data:
    """The query string. Raises ApiError if it cannot be read."""
    return _form(request.META.get("QUERY_STRING", ""), "query string")


def _json(text: str) -> Data | list[Any]:
    try:
        data = json.loads(text, parse_constant=_no_number) if text.strip() else {}
        json.dumps(data, ensure_ascii=False).encode()  # halves of characters
        holds_nul = _holds_nul(data)
    except (ValueError, RecursionError):
        raise ApiError(400, "The body is not JSON that can be read.") from None
    if holds_nul:
        raise ApiError(400, "The body holds a NUL character.")
    if data is None:
        return {}
    if not isinstance(data, dict | list):
        raise ApiError(400, "The body has to be a JSON object or array.")
    return data


def _no_number(constant: str) -> float:
    raise ValueError(constant)


def _holds_nul(data: Any) -> bool:
    match data:
        case str():
            return "\0" in data
        case dict():
            return any("\0" in name or _holds_nul(value) for name, value in data.items())
        case list():
            return any(map(_holds_nul, data))
    return False


def _form(text: str, what: str) -> Data:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        )
    except ValueError:
        raise ApiError(400, f"The {what} cannot be read.") from None
    return _nested(pairs, what)


def _nested(pairs: Sequence[tuple[str, str]], what: str) -> Data:
    if any("\0" in part for pair in pairs for part in pair):
        raise ApiError(400, f"The {what} holds a NUL character.")
    data: Data = {}
    for name, value in pairs:
        _put(data, name, value)
    return _with_lists(data)


def _put(data: Data, name: str, value: str) -> None:
    """Put a value where `a[b][]` says."""
    first, bracket, rest = name.partition("[")
    keys = [first, *_BRACKETS.findall(bracket + rest)] if first else [name]
    if len(keys) > DEEPEST:
        raise ApiError(400, "Names may be nested up to 7 deep.")
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        place = key or str(len(data))
        if following is None:
            data[place] = value
        else:
            if not isinstance(data.get(place), dict):
                data[place] = {}
            data = data[place]


def _with_lists(data: Data, *, is_root: bool = True) -> Any:
    """The same with lists in place of objects whose keys count from 0 on."""
    values = {
        key: _with_lists(value, is_root=False) if isinstance(value, dict) else value for key, value in data.items()
    }
    if not is_root and list(values) == [str(number) for number in range(len(values))]:
        return list(values.values())
    return values


def items_of(data: Data | list[Any]) -> dict[int, Any]:
    """The items of a batch by their number: a JSON array, or a form such as `0[name]=A&1[name]=B`.

    Raises:
        ApiError: it is something else.
    """
    if isinstance(data, list):
        return dict(enumerate(data))
    numbers = {name: item for name, item in data.items() if name != "access_token"}
    if not all(name.isascii() and name.isdecimal() and len(name) < 10 for name in numbers):
        raise ApiError(400, "A batch is an array of objects.")
    return {int(name): item for name, item in numbers.items()}


def object_of(data: Data | list[Any]) -> Data:
    """The fields of one item. An empty array is how PHP writes an empty object.

    Raises:
        ApiError: it is a list of something.
    """
    if isinstance(data, list):
        if data:
            raise ApiError(400, "The body has to be an object.")
        return {}
    return data
