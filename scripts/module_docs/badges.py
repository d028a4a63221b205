"""The README's badges about the module itself, as SVG that needs no other host. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

CHARACTER = 7
"""The width of an average character of the font, in pixels."""

SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img">
<title>{label}: {value}</title>
<clipPath id="round"><rect width="{width}" height="20" rx="3"/></clipPath>
<g clip-path="url(#round)">
<rect width="{middle}" height="20" fill="#555"/>
<rect x="{middle}" width="{right}" height="20" fill="#0b6fb0"/>
</g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{label_at}" y="14">{label}</text>
<text x="{value_at}" y="14">{value}</text>
</g>
</svg>
"""


def badges(versions: str, license_: str) -> Mapping[str, str]:
    """SVG by file name, from the texts of versions.tf and LICENSE. Raises ValueError if a text
    does not have exactly one match for a badge."""
    terraform = _only(r'required_version\s*=\s*"([^"]+)"', versions)
    provider = _only(r'source\s*=\s*"hashicorp/aws"\s*version\s*=\s*"([^"]+)"', versions)
    licensed = _only(r"\A\s*Apache License\s+Version ([\d.]+)", license_)
    return {
        "license.svg": draw("license", f"Apache {licensed}"),
        "provider.svg": draw("hashicorp/aws", provider),
        "terraform.svg": draw("Terraform", terraform),
    }


def draw(label: str, value: str) -> str:
    """Draw a badge as SVG: the label on the left, the value on the right."""
    label, value = (text.replace(">", "&gt;").replace("<", "&lt;") for text in (label, value))
    middle, right = (10 + CHARACTER * len(re.sub("&..;", ".", text)) for text in (label, value))
    return SVG.format(
        label=label,
        value=value,
        width=middle + right,
        middle=middle,
        right=right,
        label_at=middle / 2,
        value_at=middle + right / 2,
    )


def _only(pattern: str, text: str) -> str:
    found: list[str] = re.findall(pattern, text)
    if len(found) != 1:
        raise ValueError(f"{pattern} is there {len(found)} times, not once")
    return found[0]
