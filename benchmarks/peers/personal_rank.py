"""Personalised PageRank of some users by power iteration over a scipy sparse matrix, all of them at once (in batches)."""
from peer import serve


def load():
    import numpy
    import scipy
    import scipy.sparse as sparse

    def prepare(case):
        offsets = numpy.fromfile(case["offsets"], dtype=numpy.int64)
        items = numpy.fromfile(case["items"], dtype=numpy.int32)
        users, item_count, alpha = case["users"], case["item_count"], case["alpha"]
        w = sparse.csr_matrix((numpy.ones(len(items), numpy.float32), items, offsets), shape=(users, item_count))
        graph = sparse.bmat([[None, w], [w.T, None]], format="csr", dtype=numpy.float32)
        degree = numpy.asarray(graph.sum(axis=1)).ravel()
        walk = (sparse.diags((1 / numpy.maximum(degree, 1)).astype(numpy.float32)) @ graph).T.tocsr()  # M^T

        def run():
            squares = 0.0
            for start in range(0, case["roots"], case["batch"]):
                roots = numpy.arange(start, min(start + case["batch"], case["roots"]))
                ranks = numpy.zeros((walk.shape[0], len(roots)), numpy.float32)
                ranks[roots, numpy.arange(len(roots))] = 1
                while True:
                    following = walk @ ranks
                    following *= numpy.float32(alpha)
                    following[roots, numpy.arange(len(roots))] += numpy.float32(1 - alpha)
                    # The ranks are within alpha / (1 - alpha) times the change of their limit, summed over a root.
                    change = numpy.abs(following - ranks).max()
                    ranks = following
                    if change < case["error"]:
                        break
                squares += numpy.square(ranks[users:], dtype=numpy.float64).sum()
            return squares

        return run

    return f"scipy {scipy.__version__}", prepare


serve(load)
