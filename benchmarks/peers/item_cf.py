"""Item-item cosine by scipy.sparse: XᵀX with normalised columns, then the best neighbours of each row by argpartition.

With more threads the rows of Xᵀ are cut into as many chunks, which scipy multiplies at the same time (its kernels release the interpreter's lock).
"""
from concurrent.futures import ThreadPoolExecutor

from peer import serve


def load():
    import numpy as np
    import pandas as pd
    import scipy
    import scipy.sparse as sp

    def prepare(case):
        rows = pd.read_csv(case["file"], usecols=["user", "item"])
        users = rows.user.astype("category").cat.codes.to_numpy()
        items = rows.item.astype("category").cat.codes.to_numpy()
        x = sp.csr_matrix((np.ones(len(rows), np.float32), (users, items)))
        k, threads = case["neighbours"], case["threads"]
        pool = ThreadPoolExecutor(threads)

        def best(chunk):
            start, left, right = chunk
            s = left @ right
            total = 0.0
            for row in range(s.shape[0]):
                begin, end = s.indptr[row], s.indptr[row + 1]
                data = s.data[begin:end].copy()
                data[s.indices[begin:end] == start + row] = -1  # an item is not its own neighbour
                keep = np.argpartition(data, -k)[-k:] if end - begin > k else np.arange(end - begin)
                keep = keep[np.argsort(-data[keep], kind="stable")]
                total += data[keep][data[keep] > 0].sum(dtype=np.float64)
            return total

        def run():
            norms = np.sqrt(np.asarray(x.sum(axis=0)).ravel())
            normed = (x @ sp.diags((1 / norms).astype(np.float32))).tocsr()
            transposed = normed.T.tocsr()
            cuts = [transposed.shape[0] * t // threads for t in range(threads + 1)]
            chunks = [(a, transposed[a:b], normed) for a, b in zip(cuts, cuts[1:])]
            return sum(pool.map(best, chunks))

        return run

    return f"scipy {scipy.__version__}", prepare


serve(load)
