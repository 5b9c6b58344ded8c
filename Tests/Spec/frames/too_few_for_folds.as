kfold(3, n_splits=4)  # expect runtime error: 3 rows do not give 4 folds
