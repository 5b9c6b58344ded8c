#!/usr/bin/env python3
"""Print the numbers that Tests/ArenaLearnTests/LogLossTests.swift holds, by scikit-learn's log_loss.

    log-loss-constants.py        (made with scikit-learn 1.7.2 and numpy 2)

The rows are made from whole numbers, so that the test can make the very same doubles.
"""
import warnings

import numpy as np
from sklearn.metrics import log_loss

warnings.simplefilter("ignore")  # rows that do not add up to 1 are one of the cases


def rows(n):
    i = np.arange(n)
    parts = np.stack([(i * 7 + 3) % 11 + 1, (i * 5 + 1) % 7 + 1, (i * 3 + 2) % 5 + 1], axis=1).astype(np.float64)
    return i * i % 3, parts / parts.sum(axis=1, keepdims=True)


for n in [1, 2, 7, 101, 1000]:
    truth, p = rows(n)
    print(f"({n}, {log_loss(truth, p, labels=[0, 1, 2])!r}, {log_loss(truth, p.astype(np.float32), labels=[0, 1, 2])!r}),")
truth, p = rows(101)
print("weights", repr(log_loss(truth, p, labels=[0, 1, 2], sample_weight=np.arange(101) % 4)))
print("halved", repr(log_loss(truth, p / 2, labels=[0, 1, 2])))
sure = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
for dtype in [np.float64, np.float32]:
    print("sure", dtype.__name__, repr(log_loss([0, 1, 1], sure.astype(dtype), labels=[0, 1])))
