"""Cases of rules: np.fft."""

import numpy as np
from rules.cases import case, complexes, each, spread, strided

ROWS, EVEN, ODD = spread(3, 4), complexes(4), complexes(5)
LINES = [
    *(case(x) for x in (ROWS, spread(5), spread(1), strided(2, 3), np.zeros((0, 3)))),
    *(case(ROWS, n) for n in (3, 4, 6, 7)),
    *(case(ROWS, None, axis) for axis in (0, 1, -2)),
    *(case(ROWS, norm=norm) for norm in ("backward", "ortho", "forward")),
    case(ROWS, 5, 0, "ortho"),
    case(spread(2, 3, 4), n=2, axis=-2, norm="forward"),
]
COMPLEX_LINES = [
    *(case(x) for x in (EVEN, ODD, complexes(2, 3))),
    *(case(EVEN, n) for n in (1, 2, 3, 6, 7, 9)),
    *(case(ODD, norm=norm) for norm in ("backward", "ortho", "forward")),
    *(
        case(complexes(3, 4), n, axis, norm)
        for n, axis, norm in ((None, 0, None), (5, 0, "ortho"), (4, -2, "forward"))
    ),
]
PLANES = [
    *(case(x) for x in (ROWS, spread(2, 3, 4), strided(2, 3))),
    case(ROWS, (2, 5), (0, 1)),
    case(ROWS, s=(4, 3), axes=(1, 0)),
    case(spread(2, 3, 4), (3, -1), (0, -1), "ortho"),
    case(ROWS, norm="forward"),
]
COMPLEX_PLANES = [
    case(complexes(3, 4)),
    case(complexes(3, 4), (2, 5), (1, 0)),
    case(complexes(2, 3, 3), norm="ortho"),
]
SHIFTS = [
    case(spread(5)),
    case(ROWS),
    case(ROWS, 1),
    case(spread(2, 3, 4), axes=(0, -1)),
    case(complexes(2, 3)),
    case(np.zeros((0, 3))),
]

CASES = {
    **each((np.fft.fft, np.fft.ifft), LINES + COMPLEX_LINES),
    **each((np.fft.rfft, np.fft.ihfft), LINES),
    **each(
        (np.fft.irfft, np.fft.hfft),
        [c for c in LINES if np.shape(c[0][0]) != (1,)] + COMPLEX_LINES + [case(spread(1), 1)],
    ),
    **each((np.fft.fft2, np.fft.ifft2), PLANES + COMPLEX_PLANES),
    **each(
        (np.fft.fftn, np.fft.ifftn),
        [*PLANES, *COMPLEX_PLANES, case(spread(3)), case(ROWS, axes=(0, 0)), case(ROWS, axes=(1,))],
    ),
    np.fft.rfft2: PLANES,
    np.fft.rfftn: [*PLANES, case(spread(3)), case(ROWS, axes=(0, 0, 1)), case(ROWS, axes=(0,))],
    np.fft.irfft2: PLANES + COMPLEX_PLANES,
    np.fft.irfftn: [
        *PLANES,
        *COMPLEX_PLANES,
        case(spread(3)),
        case(complexes(3, 4), axes=(0, 0, 1)),
        case(ROWS, axes=(0,)),
    ],
    **each((np.fft.fftshift, np.fft.ifftshift), SHIFTS),
}
