"""Answers to calls of kiosks that fail."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from sync import wire


class ProblemError(HTTPException):
    """A call that fails, with the answer to send."""

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail=detail, status_code=status, headers=headers)
        self.code = code


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """Return the answer to a call that failed."""
    body = msgspec.json.encode(wire.Problem(code=code, detail=detail))
    return Response(body, status_code=status, media_type="application/json", headers=dict(headers or {}))


def too_much(seconds: float, detail: str) -> ProblemError:
    """Return the failure of a call that is beyond a kiosk's share, to be made again after so many seconds."""
    return ProblemError(429, "too_much", detail, {"retry-after": str(math.ceil(seconds))})
