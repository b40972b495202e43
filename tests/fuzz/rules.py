"""What schemathesis cannot know of the API: rules between values that no schema can say.

A request that its schema allows may be refused for one of these, and for nothing else.
"""

import re
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response

RULES = {
    "Idempotency-Key": "used before with another body",
    "X-Shop-Id": "one shop named by header and parameter, and one of the caller's",
    "shop_id": "the same",
    "cursor": "as another answer gave it",
    "after": "as another answer gave it",
    "url": "an address that exists and may be called",
    "country": "of ISO 3166",
    "credentials": "those of the carrier",
    "tracking_number": "a number that the carrier can have",
    "carrier": "of those there are",
    "carriers": "each of those there are",
    "sub_status": "one of the status",
    "status": "something that can happen",
    "locale": "a language that there are words for",
    "timezone": "one that there is",
    "email": "an address of mail, or one thing instead of another",
    "phone": "a number that can be called",
    "since": "a time before now, and before `until`",
    "until": "a time after `since`",
    "support_email": "an address of mail",
    "mail_from": "an address of mail",
    "staff_mail": "an address of mail",
    "metadata": "at most 16 KiB",
    "logo_url": "an address that begins with https://",
    "website": "the same",
    "support_url": "the same",
    "shipments": "each with a number, or a reference by which its carrier knows it",
    "body": "something to look for, and what goes with it",
}
"""Fields whose values obey more than their schema, and what."""

TEXTS = (
    "control characters",
    "NUL",
    "between 1990 and 2199",
    "with offset",
    "such as 2026",
    "on one line",
    "2 decimals",
)
"""What is wrong with a text wherever it stands."""


@schemathesis.check
def refused_for_a_rule(_ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """A request that its schema allows is refused for a rule that is listed here, if at all."""
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    problem = response.json()
    if "NUL" in problem["detail"] or problem["code"] == "idempotency_key_reused":
        return
    for error in problem.get("errors", [{"field": "none", "message": problem["detail"]}]):
        parts = re.sub(r"\.\d+(?=\.|$)", "", error["field"]).split(".")
        assert RULES.keys() & {*parts} or any(text in error["message"] for text in TEXTS), (
            f"{case.operation.label}: {error['field']} is refused, which its schema does not say: {error['message']}"
        )


@schemathesis.check
def a_wrong_row_is_refused_alone(_ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """A batch that breaks its schema is refused, or has a row that is."""
    wrong = case.meta is not None and case.meta.generation.mode.is_negative
    if wrong and response.status_code == 200 and case.operation.path == "/v1/shipments/batch":
        assert 422 in {row["status"] for row in response.json()["items"]}, "a wrong batch was taken whole"
