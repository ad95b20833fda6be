"""Views in the terminal: lists, trees, tables, and a gradient told step by step."""
