"""List prices in us-east-1 (US dollars, without free tiers and discounts), with their sources.

AWS's own price pages show their figures by script and could not be read; each price was taken
from public texts that cite them. `confirmed` says that at least two of these agree.
"""

from __future__ import annotations

from dataclasses import dataclass

READ_ON = "2026-11-22"


@dataclass(frozen=True)
class Price:
    """`dollars` for one `unit`."""

    dollars: float
    unit: str
    source: str
    as_of: str
    confirmed: bool = True


PRICES: dict[str, Price] = {
    "alarm": Price(
        0.10, "standard alarm and month", "signoz.io and factualminds.com on CloudWatch", "2026-06"
    ),
    "metric": Price(
        0.30, "custom metric and month", "signoz.io and factualminds.com on CloudWatch", "2026-06"
    ),
    "dashboard": Price(
        3.00, "dashboard and month", "factualminds.com and cloudburn.io on CloudWatch", "2026-06"
    ),
    "log byte": Price(
        0.50 / 1e9, "byte ingested", "factualminds.com and cloudburn.io on CloudWatch", "2026-06"
    ),
    "invocation": Price(
        0.20 / 1e6, "invocation", "cloudchipr.com and kodekloud.com on Lambda", "2024"
    ),
    "GB-second": Price(
        0.0000133334, "GB-second on arm64", "cloudchipr.com on Lambda; two more texts", "2024"
    ),
    "read unit": Price(
        0.125 / 1e6,
        "read request unit",
        "airbyte.com on DynamoDB, after the halving of November 2024",
        "2025-07",
        confirmed=False,
    ),
    "write unit": Price(
        0.625 / 1e6,
        "write request unit",
        "airbyte.com on DynamoDB, after the halving of November 2024",
        "2025-07",
        confirmed=False,
    ),
    "publication": Price(
        0.50 / 1e6,
        "SNS publication; delivery to Lambda is free",
        "a public list; whether CloudWatch's own publications are billed is not known",
        "2020",
        confirmed=False,
    ),
    "schedule": Price(
        0.0,
        "event of a schedule or of an AWS service",
        "wring.co and factualminds.com on EventBridge",
        "2026-06",
    ),
}
