"""Views in the terminal: lists, trees, tables, and a gradient explained step by step."""
