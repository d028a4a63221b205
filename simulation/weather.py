"""The kinds of weather, their faults, and the highest value that a seed may draw for each.

A value is the probability of a fault for each call, message or rebuild; for states of desktops,
for each desktop and half hour; otherwise, that a world has the fault, or the fault's strength.
"""

from __future__ import annotations

import random

WEATHER: dict[str, dict[str, float]] = {
    "life": {
        "begins_late": 1.0,
        "takes_long": 0.5,
        "never_ends": 0.08,
        "bad_then_heals": 0.5,
        "ends_badly": 0.3,
        "detour": 0.3,
        "never_begins": 0.3,
        "same_address": 1.0,
        "ipv6_only": 1.0,
        "hidden_after": 0.7,
    },
    "own signals": {"touches": 0.7, "drops_last_known": 0.5, "own_disconnect": 0.7},
    "people": {"ordered": 0.15, "ends_badly": 0.3, "bad_then_heals": 0.5},
    "administrators": {"held": 0.15, "by_hand": 0.1},
    "cause": {"spoiled": 1.0, "bad_image": 1.0},
    "evidence": {
        "row_missing": 0.15,
        "row_unknown": 0.15,
        "row_frozen": 0.15,
        "row_late": 0.15,
        "row_empty": 0.15,
        "no_check_time": 0.15,
        "last_known_moves": 0.1,
        "last_known_ahead": 0.1,
        "no_last_known": 1.0,
        "third_party": 1.0,
    },
    "messages": {
        "alarm_lost": 0.6,
        "alarm_late": 0.4,
        "alarm_repeated": 0.5,
        "alarm_stuck": 0.1,
        "sign_in_lost": 0.8,
        "sign_in_late": 0.4,
        "forged": 0.5,
        "rule_disabled": 1.0,
        "no_schedule": 1.0,
    },
    "pages": {"short_pages": 0.7, "row_left_out": 0.1, "empty_row": 0.1},
    "poison": {"poisoned_id": 1.0, "poisoned_bundle": 1.0, "poisoned_record": 1.0},
    "bundles": {"image_changes": 1.0, "image_hidden": 0.5, "bundle_gone": 0.5},
    "unknown ids": {"unknown_from_first": 0.3, "terminated": 0.1},
    "calls": {
        "throttle": 0.3,
        "server_error": 0.1,
        "connect_error": 0.1,
        "time_out": 0.05,
        "time_out_worked": 0.05,
        "late_effect": 0.03,
        "slow_call": 0.1,
        "refusal": 0.3,
        "failed_but_begun": 0.2,
    },
    "neighbour": {"other_tools": 0.9, "delay": 0.5},
    "function": {
        "kill": 0.03,
        "event_doubled": 0.2,
        "tick_missed": 0.5,
        "audit_missed": 0.5,
        "no_execution": 1.0,
        "crawl": 1.0,
    },
    "ledger": {
        "small_pages": 1.0,
        "unprocessed_keys": 0.4,
        "repeated_write": 0.2,
        "ledger_throttled": 1.0,
    },
    "api away": {"api_away": 1.0},
    "roster": {"roster_shrinks": 1.0, "roster_grows": 1.0},
    "states": {"odd_state": 0.15, "stopped": 0.2, "no_snapshot": 0.15, "refused": 0.1},
    "clocks": {"skew": 1.0},
}

CALM = 0.08
"""The share of seeds without any fault, in which the promises are judged more strictly."""

SINGLE = 0.35
"""The share of seeds with one kind of weather."""


def draw(rng: random.Random) -> tuple[str, dict[str, float]]:
    """Draw the kind of weather ("calm", "mixed", or one of `WEATHER`) and its faults."""
    chance = rng.random()
    if chance < CALM:
        return "calm", {}
    if chance < CALM + SINGLE:
        kind = rng.choice(list(WEATHER))
        faults = _some(rng, WEATHER[kind], 0.7)
        return kind, faults or dict(WEATHER[kind])
    share = rng.choice((0.1, 0.25, 0.5))
    everything = {name: most for faults in WEATHER.values() for name, most in faults.items()}
    return "mixed", _some(rng, everything, share)


def _some(rng: random.Random, faults: dict[str, float], share: float) -> dict[str, float]:
    return {
        name: rng.uniform(0.1, 1.0) * most for name, most in faults.items() if rng.random() < share
    }
