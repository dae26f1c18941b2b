"""The API against what its own description allows, and much that it does not: no fault of ours, ever."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.support.control_world import LiveControl

EXAMPLES = 7
# What is wrong is refused as one of these, and never as a fault of ours.
_REFUSED = [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 431]
_STRICT = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": _REFUSED}}})


@pytest.fixture(scope="module")
def live() -> Iterator[LiveControl]:
    with LiveControl() as running:
        yield running


@pytest.fixture(scope="module")
def described(live: LiveControl) -> OpenApiSchema:
    return schemathesis.openapi.from_url(f"{live.address}/api/openapi.json", config=_STRICT)


# A stream of events has no end to wait for; it has tests of its own.
api = schemathesis.pytest.from_fixture("described").exclude(path="/api/events")


@pytest.mark.timeout(240)  # well over a thousand calls, all of them one test to pytest
@api.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_api_keeps_to_its_description(case: schemathesis.Case[Any], live: LiveControl) -> None:
    live.as_new()

    # What a name or an address may be is more than a schema can say, so some that fit it are refused as 422.
    case.call_and_validate(excluded_checks=[positive_data_acceptance])
