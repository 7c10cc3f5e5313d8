"""Sharpe ratios, their errors and deflations, computed by NumPy and SciPy from the formulas of the papers.

    pip install numpy scipy && python make.py > sharpe.json

The standard error is Lo's (2002, appendix) in its general form: the long-run covariance matrix of (r, r^2) with Bartlett weights,
then the delta method on the ratio as a function of both means.
"""
import json

import numpy as np
from scipy.stats import kurtosis, norm, skew

LAGS = lambda n: int(np.floor(4 * (n / 100) ** (2 / 9)))


def series(seed, n, kind):
    rng = np.random.default_rng(seed)
    r = rng.standard_t(4, n) * 0.001 + 0.0001
    if kind == "dependent":
        for i in range(1, n):
            r[i] += 0.3 * r[i - 1]
    return r.round(8)


def report(r, per_year, trials):
    n = len(r)
    m1, m2 = r.mean(), (r**2).mean()
    sigma = np.sqrt(m2 - m1**2)
    ratio = m1 / sigma
    moments = np.column_stack([r - m1, r**2 - m2])
    omega = moments.T @ moments / n
    for lag in range(1, LAGS(n) + 1):
        gamma = moments[lag:].T @ moments[:-lag] / n
        omega += (1 - lag / (LAGS(n) + 1)) * (gamma + gamma.T)
    # d ratio / d m1 and d ratio / d m2
    gradient = np.array([1 / sigma + m1**2 / sigma**3, -m1 / (2 * sigma**3)])
    error = np.sqrt(gradient @ omega @ gradient / n)
    spread = 1 - skew(r) * ratio + (kurtosis(r, fisher=False) - 1) / 4 * ratio**2
    above = lambda threshold: norm.cdf((ratio - threshold) * np.sqrt(n - 1) / np.sqrt(spread))
    luck = 0.0
    if trials > 1:
        luck = ((1 - np.euler_gamma) * norm.ppf(1 - 1 / trials) + np.euler_gamma * norm.ppf(1 - 1 / (trials * np.e))) / np.sqrt(n - 1)
    equity = np.concatenate([[1.0], np.cumprod(1 + r)])
    return {
        "returns": list(r),
        "perYear": per_year,
        "trials": trials,
        "annual": ratio * np.sqrt(per_year),
        "standardError": error * np.sqrt(per_year),
        "skewness": skew(r),
        "kurtosis": kurtosis(r, fisher=False),
        "probabilistic": above(0),
        "expectedMaximum": luck * np.sqrt(per_year),
        "deflated": above(luck),
        "maxDrawdown": float((1 - equity / np.maximum.accumulate(equity)).max()),
    }


print(json.dumps([report(series(1, 400, "independent"), 6240, 1), report(series(2, 300, "dependent"), 252, 24)]))
