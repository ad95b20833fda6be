"""Helpers without gradients: pytrees, files, text, number formats, memory settings."""
