"""Times TA-Lib's C functions, the calls recorded in test/data/talib, and prints nanoseconds a function and bar.

`window`: the last 250 bars computed anew, as a streaming user does; `batch`: the whole series in one call.
Both through the Python binding, whose own cost of a call (about a microsecond) is in `window`.
"""

import gzip
import json
import time
from pathlib import Path

import numpy
import talib
import talib.abstract

BARS = 20_000
WINDOW = 250
DATA = Path(__file__).parent.parent / "test" / "data" / "talib"


def main() -> None:
    with gzip.open(DATA / "synthetic_h1.csv.gz", "rt") as file:
        rows = [line.split(",") for line in file.read().splitlines()[1:]]
    columns = dict(zip(("open", "high", "low", "close", "volume"), numpy.array(rows, dtype=float).T[1:]))
    series = {name: numpy.resize(column, BARS) for name, column in columns.items()}
    with gzip.open(DATA / "synthetic_h1.talib.json.gz", "rt") as file:
        calls = json.load(file)["calls"]
    window_total = batch_total = 0.0
    functions = 0
    for call in calls.values():
        function = talib.abstract.Function(call["function"])
        plain = getattr(talib, call["function"])
        inputs = []
        for wanted in function.input_names.values():
            inputs += [series[name] for name in ([wanted] if isinstance(wanted, str) else wanted)]
        options = {name.removeprefix("optIn").lower(): value for name, value in (call["options"] or {}).items()}
        options = {name: value for name, value in options.items() if name in function.parameters}
        short = [column[-WINDOW:].copy() for column in inputs]
        window_total += best(lambda: plain(*short, **options), 50)
        batch_total += best(lambda: plain(*inputs, **options), 3) / BARS
        functions += 1
    print(
        json.dumps(
            {
                "version": talib.__version__,
                "functions": functions,
                "window": 1e9 * window_total / functions,
                "batch": 1e9 * batch_total / functions,
            }
        )
    )


def best(run, times: int) -> float:
    """Seconds of the fastest of some runs."""
    shortest = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        run()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest


main()
