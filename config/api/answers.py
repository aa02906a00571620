"""What applications are answered under `/api`: JSON, errors in one shape, the version of Mautic's API that it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, JsonResponse

PREFIX = "/api"
VERSION = "5.2.3"
"""Of Mautic, whose clients read it to know what they may ask for."""

NOT_FOUND = "Item was not found."
NOT_ALLOWED = "You do not have access to the requested area/action."
UNKNOWN_CALLER = "API authorization denied."
TOO_LARGE = "The body is too large."

Details = Mapping[str, Sequence[str]]


class ApiError(Exception):
    """What is wrong with a request; `details` are sentences by name of a field."""

    def __init__(self, status: int, message: str, details: Details | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @classmethod
    def of_fields(cls, details: Details) -> "ApiError":
        """400: the first line says every field that is wrong, `name: A name is required.`"""
        return cls(400, ", ".join(f"{name}: {' '.join(said)}" for name, said in details.items()), details)

    def as_data(self) -> dict[str, Any]:
        """As it stands in `errors`. What has no details says so with an empty list."""
        return {"code": self.status, "message": self.message, "details": self.details or [], "type": None}

    def answer(self) -> JsonResponse:
        return answer({"errors": [self.as_data()]}, status=self.status, headers=self.headers)


def is_of_api(request: HttpRequest) -> bool:
    """Whether an application asks, and not a person in a browser."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def answer(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> JsonResponse:
    response = JsonResponse(data, status=status, headers=headers)
    response["Mautic-Version"] = VERSION
    response["Cache-Control"] = "no-store"
    return response


def numbered(values: Mapping[int, Any]) -> list[Any] | dict[str, Any]:
    """Values by number as PHP writes them: an array if they are numbered from 0 on without a gap, else an object."""
    if list(values) == list(range(len(values))):
        return list(values.values())
    return {str(number): value for number, value in values.items()}
