"""Lambda: the containers of functions, asynchronous invocation, and its retries."""
