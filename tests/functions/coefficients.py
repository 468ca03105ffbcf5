"""The coefficients in src/kernel/functions.rs: minimax, by the exchange algorithm of Remez.

Needs mpmath. Prints each list for f32 and f64, and the largest error of the approximation with the
coefficients as they are printed, in units of half the last place at 1 (2^-24 and 2^-53).
"""

import struct

import mpmath as mp
from mpmath import mpf

mp.mp.dps = 60


def rounded(x, bits):
    """The nearest number of 24 or 53 bits."""
    m, e = mp.frexp(x)
    return mp.ldexp(mp.nint(mp.ldexp(m, bits)), e - bits)


def shortest(x, bits):
    """The shortest decimal that rounds to it, as Rust writes it."""
    x = float(x)
    for digits in range(1, 18):
        text = f"{x:.{digits}g}"
        back = float(text)
        if bits == 24:
            back = struct.unpack("f", struct.pack("f", back))[0]
        if back == x:
            return text
    raise ValueError(x)


def exchange(target, basis, weight, low, high):
    """The combination of `basis` that is closest to `target` where errors count by `weight`."""
    n = len(basis) + 1
    middle, half = (low + high) / 2, (high - low) / 2
    last = 40 * n + 1  # odd: the middle, where a weight may be 0, is not in the grid
    grid = [middle - half * mp.cos(mp.pi * i / last) for i in range(last + 1)]
    rows = [([b(x) for b in basis], target(x), weight(x)) for x in grid]
    chosen = [last * i // (n - 1) for i in range(n)]
    for _ in range(60):
        equations, values = mp.matrix(n, n), mp.matrix(n, 1)
        for i, at in enumerate(chosen):
            row, value, w = rows[at]
            equations[i, :] = mp.matrix([row + [(-1) ** i / w]])
            values[i] = value
        solution = mp.lu_solve(equations, values)
        errors = [w * (mp.fdot(row, solution[: n - 1]) - value) for row, value, w in rows]
        # The largest error of each run of one sign.
        runs = []
        for i, error in enumerate(errors):
            if runs and (errors[runs[-1]] > 0) == (error > 0):
                if abs(error) > abs(errors[runs[-1]]):
                    runs[-1] = i
            else:
                runs.append(i)
        while len(runs) > n:
            runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
        if len(runs) < n or runs == chosen:
            break
        chosen = runs
    return list(solution[: n - 1])


def fit(target, basis, weight, low, high, bits):
    return [rounded(c, bits) for c in exchange(target, basis, weight, low, high)]


def powers(*exponents):
    return [lambda x, e=e: x**e for e in exponents]


def show(what, coefficients, bits, error, low, high):
    points = [low + (high - low) * mpf(i) / 1000 for i in range(1, 1001)]
    worst = max(abs(error(x)) for x in points)
    print(f"{what}, {bits} bits: within {mp.nstr(mp.ldexp(worst, bits), 3)}")
    print("   ", ", ".join(shortest(c, bits) for c in coefficients))


def combined(coefficients, basis, x):
    return sum(c * b(x) for c, b in zip(coefficients, basis))


def exp_tail(terms, bits):
    """e^r = 1 + r + r^2 (c0 + c1 r + ...)"""
    high = mp.log(2) / 2 + mpf(2) ** -12
    target = lambda r: (mp.expm1(r) - r) / r**2
    c = fit(target, powers(*range(terms)), lambda r: r**2 * mp.exp(-r), -high, high, bits)
    tail = lambda r: combined(c, powers(*range(2, 2 + terms)), r)
    show("exp", c, bits, lambda r: (1 + r + tail(r)) / mp.exp(r) - 1, -high, high)


def exp2(terms, bits):
    """2^f = 1 + c0 f + c1 f^2 + ..."""
    high = mpf(1) / 2 + mpf(2) ** -12
    target = lambda f: mp.expm1(f * mp.log(2)) / f
    c = fit(target, powers(*range(terms)), lambda f: abs(f) * mpf(2) ** -f, -high, high, bits)
    rest = lambda f: combined(c, powers(*range(1, 1 + terms)), f)
    show("exp2", c, bits, lambda f: (1 + rest(f)) / mpf(2) ** f - 1, -high, high)


def tanh_small(terms, bits, bound):
    """tanh(a) = a - a z / (c0 + c1 z + ...), z = a^2"""
    low, high = mpf(2) ** -40, mpf(bound) ** 2
    ratio = lambda z: mp.tanh(mp.sqrt(z)) / mp.sqrt(z)
    target = lambda z: z / (1 - ratio(z))
    basis = powers(*range(terms))
    c = fit(target, basis, lambda z: z / (target(z) ** 2 * ratio(z)), low, high, bits)
    error = lambda z: (1 - z / combined(c, basis, z)) / ratio(z) - 1
    show("tanh", c, bits, error, low, high)


def tanh_table(parts, bits, end):
    """tanh(a) = c0 + u (c1 + c2 u + c3 u^2 + c4 u^3), u = a - c, for each interval of a: 1 + a has
    `parts` of them for each of its exponents. c0 is tanh(c), rounded, and c is as near to where tanh is
    c0 as its bits allow."""
    basis = powers(*range(4))
    start_of = lambda i: mpf(2) ** (i // parts) * (1 + mpf(i % parts) / parts) - 1
    print(f"tanh, a table for {bits} bits: c, c0, c1, c2, c3, c4")
    i = 0
    while start_of(i) < end:
        start, stop = start_of(i), start_of(i + 1)
        middle = (start + stop) / 2
        c0 = rounded(mp.tanh(middle), bits)
        if i == 0:
            target = lambda u: mp.tanh(u) / u
            row = [0, 0] + fit(target, basis, lambda u: u / mp.tanh(u), mpf(2) ** -40, stop, bits)
        elif c0 == 1:
            row = [middle, 1, 0, 0, 0, 0]
        else:
            c = rounded(mp.atanh(c0), bits)
            target = lambda u: (mp.tanh(c + u) - c0) / u
            row = [c, c0] + fit(target, basis, abs, start - c, stop - c, bits)
        print("   ", ", ".join(shortest(x, bits) for x in row))
        i += 1


def ln(terms, bits):
    """ln(1 + f) = f - f^2/2 + s (f^2/2 + z (c0 + c1 z + ...)), s = f / (2 + f), z = s^2"""
    high = mpf("0.2001") ** 2
    low = mpf(2) ** -40
    basis = powers(*range(terms))

    def target(z):
        s = mp.sqrt(z)
        return (2 * mp.atanh(s) - 2 * s) / (s * z)

    c = fit(target, basis, lambda z: z, low, high, bits)
    show("ln", c, bits, lambda z: z * (combined(c, basis, z) - target(z)) / 2, low, high)


def cdf_center(terms, bits, end):
    """Phi(x) = 1/2 + x k + x z (c0 + c1 z + ...), z = x^2, k = 1/sqrt(2 pi), where x < 0 counts"""
    k = 1 / mp.sqrt(2 * mp.pi)
    low, high = mpf(2) ** -40, mpf(end) ** 2
    target = lambda z: (mp.erf(mp.sqrt(z / 2)) / 2 / mp.sqrt(z) - k) / z
    weight = lambda z: z ** mpf(1.5) / (mp.erfc(mp.sqrt(z / 2)) / 2)
    basis = powers(*range(terms))
    c = fit(target, basis, weight, low, high, bits)
    error = lambda z: weight(z) * (combined(c, basis, z) - target(z))
    show("cdf, center", c, bits, error, low, high)
    upper = rounded(k, bits // 2)
    print("    k =", shortest(upper, bits), "+", shortest(rounded(k - upper, bits), bits))


def cdf_tail(terms, pole, bits, start, end):
    """Phi(-a) = e^(-a^2/2) k / (a + c0 + c1 t + ...), t = (a - pole) / (a + pole)"""
    k = rounded(1 / mp.sqrt(2 * mp.pi), bits)
    pole = mpf(pole)
    a_of = lambda t: pole * (1 + t) / (1 - t)
    t_of = lambda a: (a - pole) / (a + pole)
    low, high = t_of(mpf(start)), t_of(mpf(end))
    mills = lambda a: mp.erfc(a / mp.sqrt(2)) / 2 * mp.exp(a * a / 2)
    target = lambda t: k / mills(a_of(t)) - a_of(t)
    basis = powers(*range(terms))
    c = fit(target, basis, lambda t: 1 / (a_of(t) + target(t)), low, high, bits)
    error = lambda t: (combined(c, basis, t) + a_of(t)) / (target(t) + a_of(t)) - 1
    show("cdf, tail", c, bits, error, low, high)


exp_tail(5, 24)
exp_tail(10, 53)
exp2(5, 24)
exp2(11, 53)
tanh_small(4, 24, 1)
tanh_small(9, 53, 1)
tanh_table(16, 24, 9.02)
ln(4, 24)
ln(8, 53)
cdf_center(5, 24, 1)
cdf_center(12, 53, 1)
cdf_tail(9, 3, 24, 1, 14.5)
cdf_tail(22, 3, 53, 1, 39)
