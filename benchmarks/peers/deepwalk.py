"""gensim: Word2Vec, skip-gram with negative sampling, over uniform random walks on BlogCatalog, d = 128, window 10, 5 negatives.

As a peer it times train() alone; walks and vocabulary are made before. By hand, "deepwalk.py FOLDER [walks [threads]]" prints the micro-F1 of
one-vs-rest logistic regression on 50 % of the nodes, the number of labels given, over three random halves.
"""
import gzip
import os
import sys


def graph(folder):
    import numpy
    rows = {}
    with gzip.open(os.path.join(folder, "blogcatalog_adjlist.txt.gz"), "rt") as file:
        for line in file:
            cells = [int(cell) for cell in line.split()]
            rows[cells[0]] = cells[1:]
    offsets = numpy.zeros(len(rows) + 1, dtype=numpy.int64)
    for node, row in rows.items():
        offsets[node + 1] = len(row)
    offsets = offsets.cumsum()
    return offsets, numpy.concatenate([numpy.array(rows[node]) for node in range(len(rows))])


def walks(folder, count, length):
    import numpy
    offsets, columns = graph(folder)
    random = numpy.random.default_rng(1)
    all_walks = []
    for _ in range(count):
        steps = [random.permutation(len(offsets) - 1)]
        for _ in range(length - 1):
            at = steps[-1]
            degree = offsets[at + 1] - offsets[at]
            steps.append(columns[offsets[at] + (random.random(len(at)) * degree).astype(numpy.int64)])
        all_walks += [[str(node) for node in walk] for walk in numpy.stack(steps, axis=1).tolist()]
    return all_walks


def model(threads):
    from gensim.models import Word2Vec
    return Word2Vec(vector_size=128, window=10, negative=5, sg=1, hs=0, sample=0, min_count=1, workers=threads, epochs=1, seed=1)


def load():
    import gensim

    def prepare(case):
        sentences = walks(case["folder"], case["walks"], 40)
        word2vec = model(case["threads"])
        word2vec.build_vocab(sentences)

        def run():
            word2vec.train(sentences, total_examples=len(sentences), epochs=1)
            return None

        return run

    return f"gensim {gensim.__version__}", prepare


def quality(folder, count, threads):
    import numpy
    from sklearn.linear_model import LogisticRegression
    sentences = walks(folder, count, 40)
    word2vec = model(threads)
    word2vec.build_vocab(sentences)
    word2vec.train(sentences, total_examples=len(sentences), epochs=1)
    nodes = len(graph(folder)[0]) - 1
    x = numpy.stack([word2vec.wv[str(node)] for node in range(nodes)])
    y = numpy.zeros((nodes, 39))
    with open(os.path.join(folder, "blogcatalog_labels.txt")) as file:
        for line in file:
            cells = [int(cell) for cell in line.split()]
            y[cells[0], cells[1:]] = 1
    for seed in range(3):
        order = numpy.random.default_rng(seed).permutation(nodes)
        train, test = order[: nodes // 2], order[nodes // 2:]
        scores = numpy.stack([
            LogisticRegression(C=1.0, max_iter=1000).fit(x[train], y[train, label]).predict_proba(x[test])[:, 1] if y[train, label].any() else
            numpy.zeros(len(test)) for label in range(y.shape[1])], axis=1)
        given = y[test].sum(axis=1).astype(int)
        places = (-scores).argsort(axis=1).argsort(axis=1)
        chosen = places < given[:, None]
        print("micro-F1", (chosen & (y[test] > 0)).sum() / y[test].sum(), flush=True)


if __name__ == "__main__" and len(sys.argv) > 1:
    quality(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 80, int(sys.argv[3]) if len(sys.argv) > 3 else 2)
else:
    from peer import serve
    serve(load)
