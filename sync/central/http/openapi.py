"""OpenAPI descriptions that Litestar cannot derive: bodies read as bytes, and error answers.

The schemas are made from the structs of sync.wire, so that description and code cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema

from sync import wire

_REFUSED = {
    400: "The call cannot be understood",
    401: "Not paired, or no longer",
    403: "Not allowed: a wrong code, or the ledger of another kiosk",
    409: "The kiosk hides badge numbers with another key",
    410: "Of another past of this feed: start from a snapshot",
    413: "Too long",
    415: "Compressed in a way that is not understood",
    429: "Too many tries, or too much from one kiosk: come again later",
    503: "The database does not answer: come again later",
}


@dataclass
class JsonSchema(Schema):
    """A ready-made JSON schema."""

    given: dict[str, Any] | None = None

    def to_schema(self) -> dict[str, Any]:
        """Return the schema unchanged."""
        return self.given or {}


def schema_of(says: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON schema of a struct, with nested structs inlined."""
    (whole,), parts = msgspec.json.schema_components([says], ref_template="{name}")

    def spread(value: Any) -> Any:
        if isinstance(value, dict):
            return spread(parts[value["$ref"]]) if "$ref" in value else {key: spread(one) for key, one in value.items()}
        return [spread(one) for one in value] if isinstance(value, list) else value

    found: dict[str, Any] = spread(whole)
    return found


def described(says: type[msgspec.Struct]) -> type[Operation]:
    """Return an operation class that documents the given request body."""

    @dataclass
    class Described(Operation):
        def __post_init__(self) -> None:
            name = says.__name__
            self.request_body = RequestBody(
                content={"application/json": OpenAPIMediaType(schema=JsonSchema(given=schema_of(says)))},
                description=f"{says.__doc__} A struct `{name}` of sync/wire.py; gzip is understood.",
                required=True,
            )

    return Described


def refuses(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the documented error answers of a call, apart from 503, which every call may give."""
    return {
        status: ResponseSpec(data_container=wire.Problem, description=_REFUSED[status], generate_examples=False)
        for status in (*statuses, 503)
    }
