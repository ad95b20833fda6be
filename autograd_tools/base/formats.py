"""Numbers as short text, by TimerOutputs.jl's rules: three significant digits and a unit."""

from __future__ import annotations


def time_text(ns: float) -> str:
    """Return nanoseconds as ns, μs, ms, s or h; minutes are left out on purpose.

    >>> [time_text(ns) for ns in (7, 9999, 99999, 9999999, 1_500_000_000, 7.2e12)]
    ['7.00ns', '10.0μs', '100μs', '10.0ms', '1.50s', '2.00h']
    """
    for limit, unit, size in (1e3, "ns", 1), (1e6, "μs", 1e3), (1e9, "ms", 1e6), (3600e9, "s", 1e9):
        if ns < limit:
            return f"{_three_digits(ns / size)}{unit}"
    return f"{_three_digits(ns / 3600e9)}h"


def memory_text(nbytes: float) -> str:
    """Return bytes as B, KiB, MiB and so on; units change at powers of 1000, before four digits.

    >>> [memory_text(n) for n in (0, 464, 999, 1000, 1536, 47_395_635)]
    ['∅', '464B', '999B', '0.98KiB', '1.50KiB', '45.2MiB']
    """
    if nbytes == 0:
        return "∅"
    for power, unit in enumerate(("B", "KiB", "MiB", "GiB", "TiB", "PiB")):
        if nbytes < 1000 ** (power + 1) - 0.5:  # 999.7 would print as 1000B
            return f"{_three_digits(nbytes / 1024**power)}{unit}"
    return f"{_three_digits(nbytes / 1024**6)}EiB"


def percent_text(part: float, whole: float) -> str:
    """Return a share in percent with one decimal.

    >>> percent_text(1, 3), percent_text(0, 0)
    ('33.3%', '-')
    """
    return f"{100 * part / whole:.1f}%" if whole else "-"


def count_text(n: int) -> str:
    """Return a count, with k, M or B from a thousand on.

    >>> [count_text(n) for n in (7, 999, 1000, 240_123, 1_063_063)]
    ['7', '999', '1.00k', '240k', '1.06M']
    """
    for limit, unit in ((1e3, ""), (1e6, "k"), (1e9, "M")):
        if n < limit:
            return f"{_three_digits(n * 1e3 / limit)}{unit}" if unit else str(n)
    return f"{_three_digits(n / 1e9)}B"


def bar_text(share: float, width: int = 8) -> str:
    """Return a share from 0 to 1 as a bar of at most `width` blocks, in eighths of a block.

    >>> bar_text(0.485), bar_text(0), bar_text(2)
    ('███▉', '', '████████')
    """
    full, eighths = divmod(round(8 * width * min(share, 1)), 8)
    return "█" * full + ("▏▎▍▌▋▊▉"[eighths - 1] if eighths else "")


def _three_digits(x: float) -> str:
    if x == int(x) and x >= 100:
        return f"{x:.0f}"
    return f"{x:.{0 if round(x) >= 100 else 1 if round(10 * x) >= 100 else 2}f}"
