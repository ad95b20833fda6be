"""Location of operations in the user's code: line, function, scopes and loops."""
