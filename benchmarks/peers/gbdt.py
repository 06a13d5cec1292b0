"""xgboost: hist, lossguide, on the same generated rows; the answer is the AUC of other rows."""
from peer import serve


def load():
    import numpy
    import xgboost

    def prepare(case):
        columns = case["columns"]
        train, test = (numpy.fromfile(case[name], dtype=numpy.float32).reshape(-1, columns + 1) for name in ("train", "test"))
        x, y = numpy.ascontiguousarray(train[:, :columns]), train[:, columns].copy()
        xt, yt = xgboost.DMatrix(numpy.ascontiguousarray(test[:, :columns])), test[:, columns]
        options = {"tree_method": "hist", "grow_policy": "lossguide", "max_leaves": case["leaves"], "max_depth": 0, "max_bin": 255,
                   "eta": 0.1, "lambda": 1.0, "min_child_weight": 1.0, "base_score": 0.5,
                   "objective": "binary:logistic", "nthread": case["threads"]}

        def run():
            model = xgboost.train(options, xgboost.DMatrix(x, label=y, nthread=case["threads"]), case["trees"])
            return auc(model.predict(xt), yt)

        return run

    def auc(scores, labels):
        order = numpy.argsort(scores, kind="stable")
        positive = labels[order] > 0
        ranks = numpy.arange(1, len(order) + 1)
        return (ranks[positive].sum() - positive.sum() * (positive.sum() + 1) / 2) / (positive.sum() * (~positive).sum())

    return f"xgboost {xgboost.__version__}", prepare


serve(load)
