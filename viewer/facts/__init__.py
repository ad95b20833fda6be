"""Facts about each node, by name: to search, to sort, and to show in columns."""
