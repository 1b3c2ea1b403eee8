r"""Exponential and logarithm that give the same bits on every machine.

The library functions of numpy and of the C library differ in the last bit between processors and
versions. A margin that carries a digest must not: these two use only additions, multiplications,
divisions and exact scaling, which IEEE 754 fixes. Their error is a few units in the last place.
"""

from __future__ import annotations

import numpy as np

from crossmargin.market.history import FloatArray

_LN2_HIGH = 6.93147180369123816490e-01  # ln 2 rounded to 32 bits, so that k * _LN2_HIGH is exact
_LN2_LOW = 1.90821492927058770002e-10
_EXP_TERMS = 14
_LOG_TERMS = 12
_SQRT_HALF = 0.7071067811865476
_SMALL_DEGREE = 8
#: Arguments up to this size keep :func:`exp_of_small` within 1e-10.
SMALL_MAX = 1.0


def exp_portable(x: FloatArray) -> FloatArray:
    r"""Return :math:`e^x`, elementwise, for finite arguments up to 700 in size.

    Uses :math:`x = k \ln 2 + r` with whole :math:`k`, the Taylor polynomial of degree 13 in
    :math:`r` (:math:`|r| \le 0.35`), and exact scaling by :math:`2^k`.
    """
    k = np.rint(x / (_LN2_HIGH + _LN2_LOW))
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    total = np.ones_like(r)
    for n in range(_EXP_TERMS - 1, 0, -1):
        total = 1.0 + total * r / n
    return np.ldexp(total, k.astype(np.int64))


def log_portable(x: FloatArray) -> FloatArray:
    r"""Return :math:`\ln x`, elementwise, for positive finite arguments.

    Uses :math:`x = m 2^k` with :math:`m` in :math:`[\sqrt{1/2}, \sqrt 2)` and
    :math:`\ln m = 2 (s + s^3/3 + s^5/5 + \dots)`, :math:`s = (m - 1)/(m + 1)`.
    """
    mantissa, exponent = np.frexp(x)
    low = mantissa < _SQRT_HALF
    mantissa = np.where(low, mantissa * 2.0, mantissa)
    k = exponent.astype(np.float64) - low
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    total = np.zeros_like(s)
    for n in range(_LOG_TERMS - 1, -1, -1):
        total = total * square + 1.0 / (2 * n + 1)
    return 2.0 * s * total + k * _LN2_LOW + k * _LN2_HIGH


def exp_of_small(x: FloatArray, out: FloatArray) -> FloatArray:
    r"""Write :math:`e^x` into ``out`` for arguments up to 1 in size, within 1e-10, quickly.

    The Taylor polynomial of degree 8 in :math:`x/4`, squared twice. Meant for shocks to discount
    factors, which are rounded to a grid of :math:`2^{-29}` afterwards. The caller checks the range.

    Parameters
    ----------
    x : ndarray of float64
        Not changed.
    out : ndarray of float64
        Same shape as ``x``, must not overlap it.
    """
    out.fill(1.0)
    for n in range(_SMALL_DEGREE, 0, -1):
        np.multiply(out, x, out=out)
        np.multiply(out, 0.25 / n, out=out)
        np.add(out, 1.0, out=out)
    np.multiply(out, out, out=out)
    np.multiply(out, out, out=out)
    return out
