"""Graphs as pictures: composed, laid out by Graphviz, written as SVG, DOT, Mermaid and HTML."""
