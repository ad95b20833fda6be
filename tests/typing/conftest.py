"""The programs are for type checkers: pytest does not import them."""

collect_ignore = ["programs"]
