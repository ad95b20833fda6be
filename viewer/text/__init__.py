"""Text for the terminal: styled lines, tables, links and source places."""
