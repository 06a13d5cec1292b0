"""scikit-learn: LogisticRegression(lbfgs) on the binned Adult features, given as a CSR matrix or as a dense one."""
from peer import serve


def load():
    import os

    import numpy
    import pandas
    import scipy.sparse
    import sklearn
    import threadpoolctl
    from sklearn.linear_model import LogisticRegression

    names = ["age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race", "sex",
             "capital_gain", "capital_loss", "hours_per_week", "native_country", "income"]
    continuous = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"]

    def first_closed_bin(column):
        edges = column.quantile([0, .25, .5, .75, 1]).to_numpy()
        bins = numpy.full(len(column), 3)
        for b in (2, 1, 0):
            bins[(column >= edges[b]) & (column <= edges[b + 1])] = b
        return bins

    def prepare(case):
        table = pandas.read_csv(os.path.join(case["folder"], "adult.data.gz"), header=None, names=names, sep=", ", engine="python")
        table = table[(table != "?").all(axis=1)]
        labels = (table["income"] == ">50K").astype(int).to_numpy()
        columns = {name: first_closed_bin(table[name]) if name in continuous else table[name] for name in names if name not in ("fnlwgt", "income")}
        x = pandas.get_dummies(pandas.DataFrame(columns), columns=list(columns)).to_numpy(dtype=numpy.float64)
        if case["sparse"]:
            x = scipy.sparse.csr_matrix(x)

        def run():
            with threadpoolctl.threadpool_limits(case["threads"]):
                model = LogisticRegression(solver="lbfgs", C=1.0, tol=1e-4, max_iter=1000).fit(x, labels)
            z = x @ model.coef_[0] + model.intercept_[0]
            loss = numpy.logaddexp(0, z).sum() - z[labels == 1].sum()
            return loss + .5 * (model.coef_ ** 2).sum()

        return run

    return f"scikit-learn {sklearn.__version__}", prepare


serve(load)
