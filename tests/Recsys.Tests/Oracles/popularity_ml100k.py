"""The numbers of Evaluation/MovieLensOracleTests.cs, by pandas and numpy alone: the most popular unseen items on MovieLens 100k,
the last 5 ratings of each user held out (by time, ties in the order of the file). Usage: popularity_ml100k.py <folder with u.data>"""
import sys
import os
import numpy as np
import pandas as pd

path = os.path.join(sys.argv[1], "u.data")
if not os.path.exists(path):
    path += ".gz"
log = pd.read_csv(path, sep="\t", names=["user", "item", "rating", "time"])
log["u"] = pd.factorize(log.user)[0]
log["i"] = pd.factorize(log.item)[0]  # dense ids in order of appearance: ties in popularity go to the lower one
log = log.sort_values(["u", "time"], kind="stable")
test = log.groupby("u").tail(5)
train = log.drop(test.index)
popularity = np.bincount(train.i, minlength=log.i.nunique())
order = np.lexsort((np.arange(len(popularity)), -popularity))
seen = train.groupby("u").i.apply(set).to_dict()
k = 20
sums = dict.fromkeys(["Recall", "Precision", "HitRate", "NDCG", "MRR", "MAP", "GradedNDCG"], 0.0)
lists = []
for user, rows in test.groupby("u"):
    gains = dict(zip(rows.i, 2.0 ** rows.rating - 1))
    ranked = [x for x in order if x not in seen[user]][:k]
    lists.append(ranked)
    hit = np.array([x in gains for x in ranked])
    discount = 1 / np.log2(np.arange(k) + 2)
    sums["Recall"] += hit.sum() / len(gains)
    sums["Precision"] += hit.sum() / k
    sums["HitRate"] += hit.any()
    sums["NDCG"] += (hit * discount).sum() / discount[: len(gains)].sum()
    sums["MRR"] += 1 / (hit.argmax() + 1) if hit.any() else 0
    sums["MAP"] += (hit * hit.cumsum() / (np.arange(k) + 1)).sum() / min(k, len(gains))
    best = np.sort(list(gains.values()))[::-1]
    sums["GradedNDCG"] += (np.array([gains.get(x, 0) for x in ranked]) * discount).sum() / (best * discount[: len(best)]).sum()
users = len(lists)
for name, value in sums.items():
    print(f"{name} {value / users:.7f}")
shown = np.bincount(np.concatenate(lists), minlength=log.i.nunique())
print(f"Coverage {(shown > 0).mean():.7f}")
print(f"Personalization {1 - (shown * (shown - 1.0)).sum() / (users * (users - 1.0) * k):.7f}")
c = np.sort(shown).astype(float)
n = len(c)
print(f"Gini {((2 * np.arange(1, n + 1) - n - 1) * c).sum() / (n * c.sum()):.7f}")
trained = train.u.nunique()
print(f"Novelty {np.mean([np.log2(trained / np.maximum(1, popularity[l])).mean() for l in lists]):.7f}")
