"""Draws docs/burst-drain.svg from results.json: how bursts drain, beside the API's rate.

`python -m benchmarks.plot` redraws it. It needs benchmarks/requirements.txt, which `make bench`
installs; nothing else imports this module. The same results give the same bytes.
"""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .document import PICTURE, RESULTS, fingerprint
from .limits import DRAIN, RATE

OURS, NAIVE, LIMIT = "#0b6e4f", "#c8553d", "#6b7280"

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "burst-drain",
    "svg.fonttype": "none",
    "path.simplify": False,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LIMIT,
}


def write(results: dict[str, Any]) -> None:
    """Write docs/burst-drain.svg."""
    PICTURE.write_text(draw(results))


def draw(results: dict[str, Any]) -> str:
    """The picture as SVG, one panel for each size of a burst."""
    pairs = list(zip(*(results["bursts"][name] for name in ("ours", "naive")), strict=True))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.5, 4.2), layout="constrained")
        panels = figure.subplots(1, len(pairs), sharey=True, squeeze=False)[0]
        for axes, (ours, naive) in zip(panels, pairs, strict=True):
            _panel(axes, ours, naive)
        panels[0].set_ylabel("share of the WorkSpaces rebuilt")
        figure.suptitle("Everybody signs out at once: how the rebuilds drain", weight="bold")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        svg = StringIO()
        about = {"Date": None, "Description": fingerprint(results)}
        figure.savefig(svg, format="svg", metadata=about)
    return "\n".join(line.rstrip() for line in svg.getvalue().splitlines()) + "\n"


def _panel(axes: Any, ours: dict[str, Any], naive: dict[str, Any]) -> None:
    desktops = ours["desktops"]
    limit = desktops / RATE / 60
    end = 1.04 * max(DRAIN * limit, *(found["curve"][-1][0] / 60 for found in (ours, naive)))
    for found, colour, label in ((ours, OURS, "this module"), (naive, NAIVE, "naive recipe")):
        moments = [seconds / 60 for seconds, _ in found["curve"]]
        shares = [rebuilt / desktops for _, rebuilt in found["curve"]]
        # What has not been rebuilt by then never is.
        axes.plot([*moments, end], [*shares, shares[-1]], color=colour, linewidth=2, label=label)
    axes.plot(
        [0, limit, end],
        [0, 1, 1],
        color=LIMIT,
        linestyle="--",
        label="the API's rate: N/2 s",
        zorder=1,
    )
    at_most = f"stated limit: {DRAIN:g} times as long"
    axes.axvline(DRAIN * limit, color=LIMIT, linestyle=":", label=at_most, zorder=1)
    if naive["rebuilt"] < desktops:
        axes.annotate(
            f"{naive['share rebuilt']:.0%}, the others never",
            (0.62 * end, naive["share rebuilt"]),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            color=NAIVE,
        )
    axes.set_title(f"N = {desktops:,} WorkSpaces")
    axes.set_xlabel("minutes since the first rebuild")
    axes.set_xlim(0, end)
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(axis="y", color="#e5e7eb")
    axes.set_axisbelow(True)


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text()))
