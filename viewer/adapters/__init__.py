"""Traces of other engines, each in a module that is imported only when asked for."""
