"""Where an operation was called: the user's line, its function, scopes and loops."""
