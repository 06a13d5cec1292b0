"""xgboost (default) or sklearn's HistGradientBoosting (case["sklearn"]): scores of many rows by trees trained on the same rows."""
from peer import serve


def load():
    import numpy
    import sklearn
    import threadpoolctl
    import xgboost
    from sklearn.ensemble import HistGradientBoostingClassifier

    def prepare(case):
        columns, threads = case["columns"], case["threads"]
        train = numpy.fromfile(case["train"], dtype=numpy.float32).reshape(-1, columns + 1)
        x = numpy.fromfile(case["rows"], dtype=numpy.float32).reshape(-1, columns)
        features, labels = numpy.ascontiguousarray(train[:, :columns]), train[:, columns].copy()
        if case["sklearn"]:
            model = HistGradientBoostingClassifier(max_iter=case["trees"], max_leaf_nodes=case["leaves"], max_bins=255, learning_rate=0.1,
                                                   min_samples_leaf=1, early_stopping=False).fit(features, labels)
            threadpoolctl.threadpool_limits(threads)

            def run():
                model.predict_proba(x)
            return run

        options = {"tree_method": "hist", "grow_policy": "lossguide", "max_leaves": case["leaves"], "max_depth": 0, "max_bin": 255,
                   "eta": 0.1, "objective": "binary:logistic", "nthread": 2}
        model = xgboost.train(options, xgboost.DMatrix(features, label=labels), case["trees"])
        model.set_param({"nthread": threads})

        def run():
            model.inplace_predict(x)  # predict() would answer the second time from its cache
        return run

    return f"xgboost {xgboost.__version__} and sklearn {sklearn.__version__}", prepare


serve(load)
