"""The map: one page with the graph of a gradient, its source, its profile and a search."""
