"""Graphs as pictures: composed into boxes and arrows, laid out by Graphviz, written as SVG, DOT, Mermaid and HTML."""
