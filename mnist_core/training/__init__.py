"""One network learns; knows no run and no process.

`optimizers`, `losses`, `callbacks`, `fitting`, `fine_tuning` and `weight_averaging` import Keras,
the others do not.
"""
