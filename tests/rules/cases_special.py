"""Cases of rules: scipy.special."""

import numpy as np
from rules.cases import binary, case, each, spread, strided, unary
from scipy import special


def last(*constants, low=-2.0, high=2.0):
    """Calls that differ in the last argument, after the given ones."""
    return [
        *(case(*constants, *args) for args, _ in unary(low, high)),
        case(*(np.full((2, 1), c) for c in constants), spread(3, low=low, high=high)),
    ]


def orders(*constants, low=-0.9, high=0.9):
    """Cases of a polynomial: one integer order and several, and the ends of the domain."""
    return [
        *(case(n, *constants, spread(3, low=low, high=high)) for n in (0, 1, 2, 5)),
        case(3, *constants, low + 0.3 * (high - low)),
        case(np.arange(4)[:, None], *constants, spread(3, low=low, high=high)),
        case(2, *constants, strided(2, 3, low=low, high=high)),
        case(2, *constants, np.zeros((0, 3))),
    ]


CASES = {
    # bessel
    **each(
        (special.jv, special.iv), [*last(1.5, low=0.3, high=4.0), *last(2.0, low=-3.0, high=3.0)]
    ),
    **each((special.yv, special.kv, special.kve), last(1.5, low=0.5, high=4.0)),
    special.ive: [*last(1.5, low=0.3, high=4.0), *last(1.0, low=-3.0, high=-0.2)],
    **each(
        (special.yn, special.kn),
        [case(2, 1.5), case(0, spread(2, 3, low=0.5, high=3.0)), case(3, np.zeros((0, 2)))],
    ),
    **each((special.j0, special.j1, special.i0, special.i1), unary(-4.0, 4.0)),
    **each(
        (special.y0, special.y1, special.k0, special.k1, special.k0e, special.k1e), unary(0.5, 4.0)
    ),
    **each((special.i0e, special.i1e), [*unary(0.3, 4.0), case(spread(3, low=-3.0, high=-0.3))]),
    **each(
        (special.hankel1, special.hankel2, special.hankel1e, special.hankel2e),
        last(1.5, low=0.5, high=4.0),
    ),
    **each((special.struve, special.modstruve), last(1.5, low=0.5, high=3.0)),
    special.airy: unary(),
    **each((special.itj0y0, special.iti0k0), unary(0.5, 3.0)),
    # gamma and beta
    **each(
        (special.gammaln, special.loggamma, special.gamma, special.rgamma, special.digamma),
        unary(0.5, 4.0),
    ),
    special._ufuncs._zeta: binary(1.5, 4.0, 0.5, 3.0),
    **each((special.beta, special.betaln), binary(0.5, 3.0)),
    special.poch: binary(0.5, 3.0),
    special.binom: binary(3.3, 6.0, 0.4, 2.6),
    **each(
        (special.gammainc, special.gammaincc),
        [*last(1.7, low=0.3, high=4.0), *last(0.6, low=0.3, high=2.0)],
    ),
    **each((special.chdtr, special.chdtrc), last(3.4, low=0.3, high=4.0)),
    **each((special.gammaincinv, special.gammainccinv), last(1.7, low=0.1, high=0.9)),
    **each(
        (special.betainc, special.betaincc, special.betaincinv, special.betainccinv),
        last(1.7, 2.3, low=0.1, high=0.9),
    ),
    special.stdtr: [*last(3.4), case(spread(3, low=2.0, high=4.0), 0.0)],
    special.stdtrit: last(3.4, low=0.1, high=0.9),
    # elementary
    **each(
        (
            special.expit,
            special.log_expit,
            special.exp2,
            special.exp10,
            special.expm1,
            special.cosm1,
        ),
        unary(),
    ),
    special.logit: unary(0.1, 0.9),
    special.log1p: unary(-0.7, 2.0),
    special.cbrt: [*unary(0.3, 3.0), case(-1.5)],
    special.powm1: binary(0.3, 2.0, -2.0, 2.0),
    **each((special.sindg, special.cosdg), unary(-80.0, 80.0)),
    **each((special.tandg, special.cotdg), unary(10.0, 80.0)),
    special.exprel: [*unary(), case(np.array([0.0, 1e-9, -1e-5, 30.0]))],
    special.boxcox: [*binary(0.3, 2.0, -2.0, 2.0), case(spread(3, low=0.5), 0.0)],
    special.boxcox1p: [*binary(-0.5, 2.0, -2.0, 2.0), case(spread(3, low=0.5), 0.0)],
    **each(
        (special.inv_boxcox, special.inv_boxcox1p),
        [*binary(-0.4, 0.4, -2.0, 2.0), case(spread(3), 1e-9)],
    ),
    special.huber: [*binary(0.5, 1.5, -2.0, 2.0), case(1.0, 0.3), case(1.0, -3.0)],
    special.pseudo_huber: binary(0.5, 1.5, -2.0, 2.0),
    # entropy
    special.entr: unary(0.2, 2.0),
    **each((special.rel_entr, special.kl_div), binary(0.2, 2.0)),
    special.xlogy: [*binary(-2.0, 2.0, 0.2, 2.0)],
    special.xlog1py: [*binary(-2.0, 2.0, -0.7, 2.0)],
    # errors
    **each(
        (
            special.erf,
            special.erfc,
            special.erfcx,
            special.erfi,
            special.dawsn,
            special.fresnel,
            special.wofz,
        ),
        unary(),
    ),
    **each((special.ndtr, special.log_ndtr), [*unary(), case(-12.0)]),
    **each((special.erfinv,), unary(-0.8, 0.8)),
    **each((special.erfcinv,), unary(0.2, 1.8)),
    special.ndtri: unary(0.1, 0.9),
    special.ndtri_exp: unary(-3.0, -0.1),
    special.owens_t: binary(),
    # hypergeometric
    special.hyp0f1: last(1.7),
    special.hyp1f1: last(0.7, 1.9),
    special.hyp2f1: last(0.7, 1.3, 1.9, low=-2.0, high=0.7),
    special.hyperu: last(0.7, 1.9, low=0.5, high=3.0),
    special._ufuncs._lambertw: [
        case(spread(2, 3, low=0.2), 0, 1e-8),
        case(1.5, -1, 1e-8),
        case(0.0, 0, 1e-8),
        case(np.zeros((0, 2)), 0, 1e-8),
    ],
    special.wrightomega: unary(),
    # integrals
    **each((special.expi, special.exp1, special.sici, special.shichi), unary(0.3, 3.0)),
    special.expn: [
        *(case(n, spread(2, 3, low=0.3)) for n in (0, 1, 4)),
        case(2, 1.5),
        case(np.arange(3)[:, None], spread(3, low=0.3)),
        case(3, np.zeros((0, 2))),
    ],
    special.spence: [*unary(0.2, 3.0), case(1.0)],
    **each((special.ellipk, special.ellipe), [*unary(-2.0, 0.9), case(0.0)]),
    special.ellipkm1: [*unary(0.1, 1.5), case(1.0)],
    **each((special.ellipkinc, special.ellipeinc), [case(*args[::-1]) for args, _ in last(0.7)]),
    # polynomials
    **each(
        (special.eval_legendre, special.eval_chebyt, special.eval_chebyu),
        [*orders(), case(3, np.array([-1.0, 1.0])), *last(1.5, low=-0.9)],
    ),
    **each(
        (special.eval_chebyc, special.eval_chebys),
        [*orders(low=-1.9, high=1.9), case(3, np.array([-2.0, 2.0]))],
    ),
    **each(
        (special.eval_sh_legendre, special.eval_sh_chebyt, special.eval_sh_chebyu), orders(low=0.1)
    ),
    special.eval_jacobi: orders(0.7, 1.3),
    special.eval_sh_jacobi: orders(2.3, 1.3, low=0.1),
    special.eval_gegenbauer: orders(0.7),
    **each(
        (special.eval_hermite, special.eval_hermitenorm, special.eval_laguerre),
        orders(low=-2.0, high=2.0),
    ),
    special.eval_genlaguerre: orders(0.7, low=-2.0, high=2.0),
}
