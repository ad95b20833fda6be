"""Lines of text for the terminal: spans, tables, links and source places."""
