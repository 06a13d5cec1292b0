"""implicit: AlternatingLeastSquares and BayesianPersonalizedRanking on the pairs of a file, all weights 1.

NDCG@20 over all items that a user has not trained on is printed (to the error stream) when a case is prepared.
implicit calls the BLAS of scipy for every interaction, so the plain one of a distribution makes it several times slower: PEER_LIBRARIES names
the folder of a fast one. Built from source, it also needs a scipy whose cython_blas.pxd says noexcept; without, each call takes the GIL.
"""
import os
import sys

from peer import blas, serve


def load():
    import numpy
    import scipy.sparse
    import threadpoolctl
    import implicit
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    def ndcg(model, train, test, k=20):
        discount = 1 / numpy.log2(numpy.arange(2, k + 2))
        total = count = 0
        for start in range(0, train.shape[0], 500):
            scores = model.user_factors[start:start + 500] @ model.item_factors.T
            scores[train[start:start + 500].nonzero()] = -1e30
            top = numpy.argpartition(-scores, k, axis=1)[:, :k]
            top = numpy.take_along_axis(top, numpy.argsort(-numpy.take_along_axis(scores, top, 1), axis=1), 1)
            for row in range(len(scores)):
                wanted = test.indices[test.indptr[start + row]:test.indptr[start + row + 1]]
                if len(wanted):
                    total += (numpy.isin(top[row], wanted) * discount).sum() / discount[:min(k, len(wanted))].sum()
                    count += 1
        return total / count

    def matrix(path, shape):
        pairs = numpy.fromfile(path, dtype=numpy.int32).reshape(-1, 2)
        return scipy.sparse.csr_matrix((numpy.ones(len(pairs), numpy.float32), (pairs[:, 0], pairs[:, 1])), shape=shape)

    def prepare(case):
        shape = (case["users"], case["items"])
        train, test = matrix(case["train"], shape), matrix(case["test"], shape)

        def fit():
            if case["model"] == "als":
                model = AlternatingLeastSquares(
                    factors=64, regularization=.05, alpha=10, iterations=15, num_threads=case["threads"], random_state=1)
            else:
                model = BayesianPersonalizedRanking(factors=64, iterations=100, num_threads=case["threads"], random_state=1)
            with threadpoolctl.threadpool_limits(1, user_api="blas"):
                model.fit(train, show_progress=False)
            return model

        print(f"implicit {case['model']}: NDCG@20 {ndcg(fit(), train, test):.4f}", file=sys.stderr)

        def run():
            fit()

        return run

    libraries = {os.path.basename(path) for path in blas().split(", ")}
    return f"implicit {implicit.__version__} with " + ", ".join(sorted(n for n in libraries if n.startswith("lib"))), prepare


serve(load)
