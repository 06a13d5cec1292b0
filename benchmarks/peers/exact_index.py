"""faiss IndexFlatIP over the vectors in a file of raw floats."""
from peer import blas, serve


def load():
    import faiss
    import numpy

    def prepare(case):
        faiss.omp_set_num_threads(case["threads"])
        vectors = numpy.fromfile(case["vectors"], dtype=numpy.float32).reshape(-1, case["dimensions"])
        queries = numpy.fromfile(case["queries"], dtype=numpy.float32).reshape(-1, case["dimensions"])[: case["count"]]
        index = faiss.IndexFlatIP(case["dimensions"])
        index.add(vectors)

        def run():
            scores, _ = index.search(queries, case["k"])
            return scores.sum(dtype=numpy.float64)

        return run

    return f"faiss {faiss.__version__} over {blas()}", prepare


serve(load)
