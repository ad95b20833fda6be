"""Helpers that know nothing of gradients: nested containers, files, text, numbers in few characters, memory settings."""
