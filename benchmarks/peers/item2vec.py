"""gensim: Word2Vec, skip-gram with negative sampling, over what each user took in the order of time.

As a peer it times train() alone, the vocabulary is built before. By hand, "item2vec.py FOLDER [epochs [threads]]" holds out the last item of each
user of ml-1m and prints how often it is among the 10 and 20 nearest, by cosine, of the one before it and of the mean of the history.
"""
import gzip
import os
import sys


def baskets(folder):
    rows = []
    with gzip.open(os.path.join(folder, "ratings.csv.gz"), "rt") as file:
        next(file)
        for place, line in enumerate(file):
            cells = line.rstrip("\n").split(",")
            rows.append((cells[0], int(cells[3]) if cells[3] else None, place, cells[1]))
    by_user = {}
    for user, time, place, item in rows:
        by_user.setdefault(user, []).append([time, place, item])
    for own in by_user.values():  # a missing time is that of the row before
        last = next((row[0] for row in own if row[0] is not None), 0)
        for row in own:
            last = row[0] = last if row[0] is None else row[0]
        own.sort()
    return {user: [row[2] for row in own] for user, own in by_user.items()}


def model(threads, epochs):
    from gensim.models import Word2Vec
    return Word2Vec(vector_size=64, window=5, negative=5, sg=1, hs=0, sample=0, min_count=1, workers=threads, epochs=epochs, seed=1)


def load():
    import gensim

    def prepare(case):
        sentences = list(baskets(case["folder"]).values())
        word2vec = model(case["threads"], case["epochs"])
        word2vec.build_vocab(sentences)

        def run():
            word2vec.train(sentences, total_examples=len(sentences), epochs=case["epochs"])
            return None

        return run

    return f"gensim {gensim.__version__}", prepare


def quality(folder, epochs, threads):
    import numpy
    all_baskets = baskets(folder)
    sentences = [own[:-1] for own in all_baskets.values()]
    word2vec = model(threads, epochs)
    word2vec.build_vocab(sentences)
    word2vec.train(sentences, total_examples=len(sentences), epochs=epochs)
    vectors = word2vec.wv.get_normed_vectors()
    place = word2vec.wv.key_to_index
    hits = {("last", 10): 0, ("last", 20): 0, ("mean", 10): 0, ("mean", 20): 0}
    for own in all_baskets.values():
        if own[-1] not in place:
            continue
        seen = [place[item] for item in own[:-1]]
        for name, query in (("last", vectors[seen[-1]]), ("mean", vectors[seen].mean(axis=0))):
            scores = vectors @ query
            scores[seen] = -numpy.inf
            rank = (scores > scores[place[own[-1]]]).sum()
            for k in (10, 20):
                hits[name, k] += rank < k
    for key, count in hits.items():
        print(key, count / len(all_baskets))


if __name__ == "__main__" and len(sys.argv) > 1:
    quality(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20, int(sys.argv[3]) if len(sys.argv) > 3 else 2)
else:
    from peer import serve
    serve(load)
