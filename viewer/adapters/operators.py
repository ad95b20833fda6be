"""Operators of other engines by the names that NumPy has for them, which views know."""

OPERATORS = {
    **{"div": "divide", "mul": "multiply", "neg": "negative", "pow": "power", "sub": "subtract"},
    **{"truediv": "divide"},
}
