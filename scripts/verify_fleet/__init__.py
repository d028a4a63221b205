"""Does AWS behave as the module assumes, for my fleet? Reads only; see docs/assumptions.md."""
