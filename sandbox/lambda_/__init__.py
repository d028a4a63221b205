"""Lambda: a function's containers and what becomes of an event whose invocation fails."""
