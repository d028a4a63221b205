"""The fleet that the tests of scripts/fleet see."""

from tests.scripts.fleet_world import world

__all__ = ["world"]
