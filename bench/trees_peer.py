"""Fits XGBoost, LightGBM and scikit-learn's forest to rows that bench/trees.ts wrote, by the same rules and on one thread.

Prints a JSON object: for each library its version, the log-loss on the test rows with each seed, and the CPU seconds of the
fastest fit. Writes the first seed's probabilities of the test rows (rows × 3) beside them, as LIBRARY.f32.
"""

import json
import os
import sys
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import lightgbm
import numpy
import sklearn
import xgboost
from sklearn.ensemble import RandomForestClassifier

CLASSES = 3


def main() -> None:
    folder = Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text())
    train, test = (
        (
            numpy.fromfile(folder / f"{part}.f32", dtype="<f4").reshape(-1, job["columns"]),
            numpy.fromfile(folder / f"{part}.i8", dtype="i1"),
        )
        for part in ("train", "test")
    )
    boosted, forest = job["boosted"], job["forest"]
    fits = {
        "xgboost": (xgboost.__version__, lambda seed: with_xgboost(boosted, job["base"], seed, *train)),
        "lightgbm": (lightgbm.__version__, lambda seed: with_lightgbm(boosted, seed, *train)),
        "sklearn": (sklearn.__version__, lambda seed: with_sklearn(forest, seed, *train)),
    }
    print(
        json.dumps(
            {
                name: {"version": version, **timed(fit, job["seeds"], test, folder / f"{name}.f32")}
                for name, (version, fit) in fits.items()
            }
        )
    )


def with_xgboost(rules, base, seed, x, y):
    def margins(rows):
        return numpy.tile(numpy.array(base, dtype="f4"), (rows, 1))

    data = xgboost.QuantileDMatrix(x, y, max_bin=rules["bins"], nthread=1, base_margin=margins(len(x)))
    parameters = {
        "objective": "multi:softprob",
        "num_class": CLASSES,
        "tree_method": "hist",
        "nthread": 1,
        "max_bin": rules["bins"],
        "eta": rules["rate"],
        "max_depth": rules["maxDepth"],
        "lambda": rules["lambda"],
        "gamma": rules["gamma"],
        "min_child_weight": rules["minChildWeight"],
        "subsample": rules["rowShare"],
        "colsample_bytree": rules["columnShare"],
        "seed": seed,
    }
    model = xgboost.train(parameters, data, rules["rounds"])
    return lambda rows: model.predict(xgboost.DMatrix(rows, nthread=1, base_margin=margins(len(rows))))


def with_lightgbm(rules, seed, x, y):
    model = lightgbm.LGBMClassifier(
        n_jobs=1,
        verbose=-1,
        n_estimators=rules["rounds"],
        max_bin=rules["bins"],
        learning_rate=rules["rate"],
        max_depth=rules["maxDepth"],
        num_leaves=2 ** rules["maxDepth"],
        reg_lambda=rules["lambda"],
        min_split_gain=rules["gamma"],
        min_child_weight=rules["minChildWeight"],
        subsample=rules["rowShare"],
        subsample_freq=1,
        colsample_bytree=rules["columnShare"],
        random_state=seed,
    ).fit(x, y)
    return of_all_classes(model)


def with_sklearn(rules, seed, x, y):
    model = RandomForestClassifier(
        n_jobs=1,
        n_estimators=rules["trees"],
        max_depth=rules["maxDepth"],
        min_samples_leaf=rules["leafRows"],
        max_features=rules["columnShare"],
        random_state=seed,
    ).fit(x, y)
    return of_all_classes(model)


def of_all_classes(model):
    """Probabilities with a column for each class, those that the training rows did not have too."""

    def predict(rows):
        found = numpy.zeros((len(rows), CLASSES))
        found[:, model.classes_] = model.predict_proba(rows)
        return found

    return predict


def timed(fit, seeds, test, answers: Path) -> dict:
    x, y = test
    seconds = float("inf")
    losses = []
    for seed in seeds:
        start = time.process_time()
        predict = fit(seed)
        seconds = min(seconds, time.process_time() - start)
        p = numpy.asarray(predict(x))
        if seed == seeds[0]:
            p.astype("<f4").tofile(answers)
        own = numpy.maximum(p[numpy.arange(len(y)), y], 1e-12)
        losses.append(float(-numpy.log(own).mean()))
    return {"logLosses": losses, "seconds": seconds}


main()
