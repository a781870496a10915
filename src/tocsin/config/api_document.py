"""What the OpenAPI document says of every operation: how it refuses, and how a POST is carried out once."""

import re
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from tocsin import rest

LONGEST_KEY = 200
_TRIES = re.compile(r"/try$")
_PROBLEM = {
    "description": "A problem (RFC 9457): `detail` says in words what was wrong.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Of your choice, new for each thing that you want done. With it, the request is carried out once: "
    "a repeat within a day gets the first answer.",
    "schema": {"type": "string", "maxLength": LONGEST_KEY, "examples": ["7f1c2f0a-deploy-42"]},
}


def is_kept(path: str) -> bool:
    """Whether the answer to a POST there is kept for its key: what only tries something is done each time."""
    return not _TRIES.search(path)


class Documented(NinjaAPI):
    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        document["components"]["schemas"]["Problem"] = rest.Problem.json_schema()
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                _complete(path, method, operation)
        return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    operation["responses"]["default"] = _PROBLEM
    if method == "post" and is_kept(path):
        operation["parameters"] = [*operation.get("parameters", ()), _KEY]
