"""List prices in us-east-1 (US dollars, without free tiers and discounts), with their sources.

AWS's own price pages load their figures by script and could not be read; each price was taken
from public texts that cite them. `confirmed` means that at least two of these agree.
"""

from __future__ import annotations

from dataclasses import dataclass

READ_ON = "2026-11-22"


@dataclass(frozen=True)
class Price:
    """The price of one `unit` in US dollars."""

    dollars: float
    unit: str
    source: str
    as_of: str
    confirmed: bool = True


PRICES: dict[str, Price] = {
    "alarm": Price(
        0.10,
        "standard alarm and month",
        "Infracost's answer in vreutova/infracost-idem-support#2",
        "unknown",
        confirmed=False,
    ),
    "metric": Price(
        0.30, "custom metric and month", "signoz.io; nishinoshake/aws-rough#37", "2026-02"
    ),
    "dashboard": Price(
        3.00, "dashboard and month", "factualminds.com; nishinoshake/aws-rough#37", "2026-06"
    ),
    "log byte": Price(
        0.50 / 1e9,
        "byte of logs ingested",
        "factualminds.com; vreutova/infracost-idem-support#2",
        "2026-06",
    ),
    "invocation": Price(
        0.20 / 1e6,
        "invocation",
        "git.mcrn.ar, lambda_local_runner; a public list of 2020",
        "unknown",
    ),
    "GB-second": Price(
        0.0000133334,
        "GB-second on arm64",
        "cloudchipr.com; git.mcrn.ar, lambda_local_runner",
        "2024",
    ),
    "read unit": Price(
        0.125 / 1e6,
        "read request unit",
        "airbyte.com; others still give twice as much, the price before November 2024",
        "2025-07",
        confirmed=False,
    ),
    "write unit": Price(
        0.625 / 1e6,
        "write request unit",
        "airbyte.com; others still give twice as much, the price before November 2024",
        "2025-07",
        confirmed=False,
    ),
    "publication": Price(
        0.50 / 1e6,
        "SNS publication; that deliveries to Lambda are free was not found in a source",
        "public lists of 2017 and 2020",
        "2020",
        confirmed=False,
    ),
    "schedule": Price(
        0.0,
        "event of an AWS service or of a schedule; the second was not found in a source",
        "wring.co, factualminds.com",
        "2026-06",
        confirmed=False,
    ),
}
