"""The description of `/api/v1` as a page shows it: each operation with its parameters, an example and its answers."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from config.api.v1.examples import example_of, resolved
from config.api.v1.problems import CODES
from journeys.status.transitions import Refusal

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter, or a field of a body."""

    name: str
    type: str
    is_required: bool
    description: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `curl` is a request that it understands, `answer` what comes back."""

    name: str
    method: str
    path: str
    role: str
    summary: str
    description: str
    values: list[Value]
    curl: str
    status: int
    answer: str
    refusals: list[str]


def operations(described: Schema) -> dict[str, list[Operation]]:
    """Every operation, by what it is about, in their order."""
    found: dict[str, list[Operation]] = defaultdict(list)
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            found[one["tags"][0]].append(_operation(path, method.upper(), one, described))
    return dict(found)


def codes() -> Iterator[tuple[str, int, str]]:
    """Every code of a problem with its status and its sentence."""
    yield from ((code, status, title) for code, (status, title) in CODES.items())
    yield from ((str(one), 409, one.sentence) for one in Refusal if str(one) not in CODES)


def _operation(path: str, method: str, one: Schema, described: Schema) -> Operation:
    body = _body(one)
    status = min(int(code) for code in one["responses"])
    summary, _, description = one["description"].partition("\n")
    return Operation(
        name=one["operationId"],
        method=method,
        path=path,
        role=one["x-role"],
        summary=summary,
        description=" ".join(description.split()),
        values=[*_parameters(one), *(_fields(body, described) if body else [])],
        curl=_curl(path, method, one, described),
        status=status,
        answer=json.dumps(one["responses"][str(status)]["content"]["application/json"]["example"], indent=2),
        refusals=[f"{code} {HTTPStatus(int(code)).phrase}" for code in one["responses"] if code >= "400"],
    )


def _body(one: Schema) -> Schema | None:
    return one["requestBody"]["content"]["application/json"]["schema"] if "requestBody" in one else None


def _parameters(one: Schema) -> Iterator[Value]:
    for parameter in one.get("parameters", []):
        schema = parameter["schema"]
        yield Value(
            parameter["name"],
            _type(schema),
            parameter["required"],
            parameter.get("description", ""),
            {"path": "path", "query": "query", "header": "header"}[parameter["in"]],
        )


def _fields(schema: Schema, described: Schema) -> Iterator[Value]:
    whole = resolved(schema, described)
    for name, one in whole.get("properties", {}).items():
        is_required = name in whole.get("required", [])
        yield Value(name, _type(resolved(one, described)), is_required, one.get("description", ""), "body")


def _type(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if "$ref" in schema:
        return "object"
    return str(schema.get("format") or schema.get("type", "anything"))


def _curl(path: str, method: str, one: Schema, described: Schema) -> str:
    body = _body(one)
    query = "&".join(
        f"{parameter['name']}={example_of(parameter['schema'], described, parameter['name'])}"
        for parameter in one.get("parameters", [])
        if parameter["in"] == "query" and parameter["required"]
    )
    filled = path
    for parameter in one.get("parameters", []):
        filled = filled.replace(f"{{{parameter['name']}}}", str(example_of(parameter["schema"], described)))
    lines = [f'curl -X {method} "$URL{filled}{"?" if query else ""}{query}"', '-H "Authorization: Bearer $TOKEN"']
    if method == "POST":
        lines.append('-H "Idempotency-Key: $KEY"')
    if body is not None:
        lines += ['-H "Content-Type: application/json"', f"-d '{json.dumps(example_of(body, described))}'"]
    return " \\\n  ".join(lines)
