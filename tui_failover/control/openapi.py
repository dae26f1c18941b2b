"""The OpenAPI 3.1 document, made from the route table and the models."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from tui_failover.control.models import ErrorAnswer
from tui_failover.control.route import Route
from tui_failover.control.tokens import Scope

_REF: Final = "#/components/schemas/{model}"
_EVERY: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.MISDIRECTED_REQUEST)
_WITH_TOKEN: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS)
_WITH_BODY: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_ABOUT: Final = (
    "Health, failover and orders of a running tui-failover. Errors have one shape. Tokens are needed where the "
    "settings name some: `Authorization: Bearer ...`."
)


def document(routes: Sequence[Route], version: str) -> dict[str, object]:
    """Return the document; deterministic for the same table."""
    paths: dict[str, dict[str, object]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "tui-failover control API", "version": version, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": _schemas(routes),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(routes: Sequence[Route]) -> dict[str, object]:
    asked: list[type[BaseModel]] = [route.body for route in routes if route.body is not None]
    told: list[type[BaseModel]] = [route.answer for route in routes if not isinstance(route.answer, str)]
    told.append(ErrorAnswer)
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in dict.fromkeys(asked)),
        *((model, "serialization") for model in dict.fromkeys(told)),
    ]
    _, schema = models_json_schema(wanted, ref_template=_REF)
    found: dict[str, object] = schema["$defs"]
    return found


def _operation(route: Route) -> dict[str, object]:
    operation: dict[str, object] = {
        "operationId": _name(route),
        "summary": route.summary,
        "tags": [route.segments[1] if route.segments[0] == "api" else "process"],
        "responses": _responses(route),
        "x-scope": route.scope.value,
        "security": [] if route.scope is Scope.ANYONE else [{}, {"token": []}],
    }
    parameters = [*_path_parameters(route), *_query_parameters(route)]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        content = {"schema": _ref(route.body), "example": dict(route.example)}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _name(route: Route) -> str:
    words = [part.strip("{}").replace("_id", "").replace(".json", "") for part in route.segments]
    return "-".join([route.method.lower(), *(word for word in words if word != "api")])


def _path_parameters(route: Route) -> list[dict[str, object]]:
    examples = {"agent_id": "my-agent", "provider_id": "openai-agent"}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 64},
            "example": examples[name],
        }
        for name in route.variables
    ]


def _query_parameters(route: Route) -> list[dict[str, object]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema()
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": {key: value for key, value in field.items() if key != "title"},
            **({"example": route.example[name]} if name in route.example else {}),
        }
        for name, field in schema["properties"].items()
    ]


def _responses(route: Route) -> dict[str, object]:
    good: dict[str, object] = {"description": route.summary}
    if isinstance(route.answer, str):
        good["content"] = {route.answer: {"schema": {"type": "string"}}}
    else:
        content: dict[str, object] = {"schema": _ref(route.answer)}
        if route.shows is not None:
            content["example"] = route.shows
        good["content"] = {"application/json": content}
    return {str(route.made.value): good, **{str(one.value): _refusal(one) for one in _refusals(route)}}


def _refusals(route: Route) -> list[HTTPStatus]:
    found = {*_EVERY, *route.refusals}
    if route.scope is not Scope.ANYONE:
        found.update(_WITH_TOKEN)
    if route.body is not None:
        found.update(_WITH_BODY)
    if route.query is not None:
        found.add(HTTPStatus.UNPROCESSABLE_ENTITY)
    return sorted(found)


def _refusal(status: HTTPStatus) -> Mapping[str, object]:
    return {"description": status.phrase, "content": {"application/json": {"schema": _ref(ErrorAnswer)}}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
