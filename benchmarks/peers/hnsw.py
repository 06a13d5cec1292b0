"""faiss IndexHNSWFlat (L2) over the vectors in a file of raw floats: building, then searching at the least efSearch that reaches a recall."""
from peer import serve

built = None


def load():
    import faiss
    import numpy

    def read(path, dimensions):
        return numpy.fromfile(path, dtype=numpy.float32).reshape(-1, dimensions)

    def prepare(case):
        global built
        faiss.omp_set_num_threads(case["threads"])
        vectors = read(case["vectors"], case["dimensions"])

        def build():
            global built
            built = faiss.IndexHNSWFlat(case["dimensions"], case["links"])
            built.hnsw.efConstruction = case["build"]
            built.add(vectors)

        if case["kind"] == "build":
            return build
        if built is None:
            build()
        queries = read(case["queries"], case["dimensions"])
        truth = numpy.fromfile(case["truth"], dtype=numpy.int32).reshape(len(queries), -1)
        k = truth.shape[1]

        def search():
            _, found = built.search(queries, k)
            hits = sum(len(numpy.intersect1d(a, b)) for a, b in zip(found, truth))
            return hits / truth.size

        ef = k
        built.hnsw.efSearch = ef
        while search() < case["recall"]:
            ef += 5
            built.hnsw.efSearch = ef
        recall = search()

        def run():
            built.search(queries, k)
            return recall

        return run

    return f"faiss {faiss.__version__}", prepare


serve(load)
