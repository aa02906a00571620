"""Examples of what a schema describes: those that it gives, else made of its types. Pure."""

from typing import Any

Schema = dict[str, Any]

_BY_TYPE = {"integer": 7, "number": 1.5, "boolean": True, "string": "text", "null": None}
_BY_FORMAT = {"date-time": "2026-05-03T14:05:00Z"}
_BY_NAME: dict[str, Any] = {
    "next": None,
    "email": "ana@example.com",
    "first_name": "Ana",
    "last_name": "Weber",
    "lost": False,
}
_BY_NAME |= {"lost_at": None, "lost_reason": None, "review_needed": False, "run": None, "undoes": None, "signature": 3}
_BY_NAME |= {"cause": "api", "kind": "bulk", "state": "finished", "words": "3 contacts → Customer", "name": "Customer"}


def resolved(schema: Schema, described: Schema) -> Schema:
    """The schema itself, for a reference to one."""
    while "$ref" in schema or "allOf" in schema:
        reference = schema.get("$ref") or schema["allOf"][0]["$ref"]
        schema = described["components"]["schemas"][reference.rpartition("/")[2]]
    return schema


def example_of(schema: Schema, described: Schema, name: str = "") -> Any:
    """An example of what a schema describes. `name` is that of the field that it is of."""
    whole = resolved(schema, described)
    if whole.get("examples"):
        return whole["examples"][0]
    if name in _BY_NAME:
        return _BY_NAME[name]
    if "anyOf" in whole:
        return example_of(whole["anyOf"][0], described, name)
    if "enum" in whole or "const" in whole:
        return whole.get("const", whole.get("enum", [None])[0])
    match whole.get("type"):
        case "object":
            return {key: example_of(one, described, key) for key, one in whole.get("properties", {}).items()}
        case "array":
            return [example_of(whole["items"], described)]
    return _BY_FORMAT.get(whole.get("format", ""), _BY_TYPE.get(whole.get("type", ""), "text"))
