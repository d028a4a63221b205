"""Does every line of the function have a test that fails without it? mutmut asks."""
