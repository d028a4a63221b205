"""The state of a fleet as a table: what the ledger knows, told by the function's own code."""
