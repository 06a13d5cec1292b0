"""PyTorch on the likes of ml-1m, for the suite ctr-deep: what its FM, DeepFM and AutoInt reach, and what their first weights, their optimizer
and the way of writing genres do to it.

    python3 click_quality.py <folder of ml-1m> [model=fm|deepfm|autoint] [weights=torch|glorot] [adam=dense|rows] [fields=ids|profiles]
                             [genres=sets|mean] [attention=paper|authors] [seed=0] [split=0] [decay=1e-5] [epochs=6]

weights: of the layers, PyTorch's default ±√(1 / in) or Glorot's ±√(6 / (in + out)) with biases of 0. adam: the tables are stepped as a
whole, or only the rows that a batch touches. fields: user, item, gender, age, occupation, zip, first genre, year; or without ids and with all
genres, each set of them one code or the mean of its genres' vectors. attention: of AutoInt, 3 layers of 2 heads of 32, as the paper prints it, or as its authors' code does: queries,
keys, values and the residual rectified, products over the root of the width, each layer's output normalised.
"""
import gzip
import os
import sys

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

DIMENSION, BATCH, RATE = 16, 4096, 1e-3


def codes(values):
    known = {}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)


def read(folder, fields, genres):
    """Rows of tables [n, slots], weights of the slots or None, the slots of each field, labels."""
    with gzip.open(os.path.join(folder, "ratings.csv.gz"), "rt") as file:
        ratings = np.loadtxt(file, delimiter=",", skiprows=1, usecols=(0, 1, 2), dtype=np.int64)
    ratings = ratings[ratings[:, 2] != 3]
    with open(os.path.join(folder, "users.dat"), encoding="latin-1") as file:
        users = {int(cells[0]): cells[1:] for cells in (line.rstrip("\n").split("::") for line in file)}
    with open(os.path.join(folder, "movies.dat"), encoding="latin-1") as file:
        films = {int(cells[0]): (cells[1][-5:-1], cells[2]) for cells in (line.rstrip("\n").split("::") for line in file)}
    of_users, of_films = ratings[:, 0].tolist(), ratings[:, 1].tolist()
    columns = [codes(users[user][field] for user in of_users) for field in range(4)]
    columns.append(codes(films[film][0] for film in of_films))
    if fields == "ids":
        columns += [codes(of_users), codes(of_films), codes(films[film][1].split("|")[0] for film in of_films)]
    elif genres == "sets":
        columns.append(codes(films[film][1] for film in of_films))
    first, rows = 0, []
    for column in columns:
        rows.append(column + first)
        first += int(column.max()) + 1
    rows, weights, slots = np.stack(rows, 1), None, [1] * len(columns)
    if fields == "profiles" and genres == "mean":
        names = sorted({name for _, listed in films.values() for name in listed.split("|")})
        lists = {film: [names.index(name) for name in listed.split("|")] for film, (_, listed) in films.items()}
        most = max(map(len, lists.values()))
        listed = np.zeros((len(rows), most), dtype=np.int64)
        weights = np.concatenate([np.ones(rows.shape), np.zeros((len(rows), most))], 1).astype(np.float32)
        for row, film in enumerate(of_films):
            count = len(lists[film])
            listed[row, :count] = lists[film]
            weights[row, rows.shape[1]:rows.shape[1] + count] = 1 / count
        rows, slots, first = np.concatenate([rows, listed + first], 1), slots + [most], first + len(names)
    return rows, weights, slots, first, (ratings[:, 2] > 3).astype(np.float32)


class Net(nn.Module):
    def __init__(self, rows, slots, deep, glorot, sparse):
        super().__init__()
        self.slots = slots
        self.table = nn.Embedding(rows, DIMENSION, sparse=sparse)
        self.weights = nn.Embedding(rows, 1, sparse=sparse)
        self.bias = nn.Parameter(torch.zeros(1))
        nn.init.normal_(self.table.weight, std=0.01)
        nn.init.zeros_(self.weights.weight)
        sizes = [len(slots) * DIMENSION, 256, 128]
        layers = [layer for i in (0, 1) for layer in (nn.Linear(sizes[i], sizes[i + 1]), nn.ReLU(), nn.Dropout(0.2))]
        self.deep = nn.Sequential(*layers, nn.Linear(128, 1)) if deep else None
        for layer in self.modules() if glorot else ():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, rows, weights):
        e, w = self.table(rows), self.weights(rows)
        if weights is not None:
            e, w = e * weights[..., None], w * weights[..., None]
            e = torch.stack([part.sum(1) for part in e.split(self.slots, 1)], 1)
        total = e.sum(1)
        logit = w.sum((1, 2)) + self.bias + 0.5 * (total * total - (e * e).sum(1)).sum(1)
        return logit if self.deep is None else logit + self.deep(e.flatten(1))[:, 0]


class AutoInt(nn.Module):
    HEADS, WIDTH, LAYERS = 2, 32, 3

    def __init__(self, rows, slots, authors, glorot, sparse):
        super().__init__()
        self.slots, self.authors = slots, authors
        self.table = nn.Embedding(rows, DIMENSION, sparse=sparse)
        nn.init.normal_(self.table.weight, std=0.01)
        out = self.HEADS * self.WIDTH
        sizes = [DIMENSION] + [out] * self.LAYERS
        self.layers = nn.ModuleList(nn.ModuleList(nn.Linear(sizes[i], out, bias=authors) for _ in range(4)) for i in range(self.LAYERS))
        self.norms = nn.ModuleList(nn.LayerNorm(out) for _ in range(self.LAYERS)) if authors else None
        self.output = nn.Linear(len(slots) * out, 1)
        for layer in self.modules() if glorot else ():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, rows, weights):
        x = self.table(rows)
        if weights is not None:
            x = torch.stack([part.sum(1) for part in (x * weights[..., None]).split(self.slots, 1)], 1)
        for i, layer in enumerate(self.layers):
            parts = [torch.relu(linear(x)) if self.authors else linear(x) for linear in layer]
            q, k, v = (part.unflatten(-1, (self.HEADS, self.WIDTH)).transpose(1, 2) for part in parts[:3])
            scores = q @ k.transpose(2, 3)
            a = torch.softmax(scores / self.WIDTH ** 0.5 if self.authors else scores, -1)
            x = torch.relu((a @ v).transpose(1, 2).flatten(2) + parts[3])
            if self.authors:
                x = self.norms[i](x)
        return self.output(x.flatten(1))[:, 0]


class RowAdam:
    """Adam on the rows that have a gradient; decay adds to it there alone; the rest keeps its weights and its moments."""

    def __init__(self, tables, decay):
        self.decay, self.step_number = decay, 0
        self.tables = [(table, torch.zeros_like(table), torch.zeros_like(table)) for table in tables]

    def zero_grad(self):
        for table, _, _ in self.tables:
            table.grad = None

    @torch.no_grad()
    def step(self):
        self.step_number += 1
        for table, first, second in self.tables:
            gradient = table.grad.coalesce()
            rows = gradient.indices()[0]
            g = gradient.values() + self.decay * table[rows]
            first[rows] = 0.9 * first[rows] + 0.1 * g
            second[rows] = 0.999 * second[rows] + 0.001 * g * g
            m, v = first[rows] / (1 - 0.9 ** self.step_number), second[rows] / (1 - 0.999 ** self.step_number)
            table[rows] -= RATE * m / (v.sqrt() + 1e-8)


def main(folder, asked):
    given = {"model": "deepfm", "weights": "torch", "adam": "dense", "fields": "ids", "genres": "sets",
             "attention": "paper", "seed": "0", "split": "0",
             "decay": "1e-5", "epochs": "6"}
    given.update(pair.split("=") for pair in asked)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(int(given["seed"]))
    rows, weights, slots, count, labels = read(folder, given["fields"], given["genres"])
    rows, y = torch.from_numpy(rows), torch.from_numpy(labels)
    weights = None if weights is None else torch.from_numpy(weights)
    order = np.random.RandomState(int(given["split"])).permutation(len(labels))
    train, validation, test = (torch.from_numpy(part) for part in np.split(order, [len(order) * 8 // 10, len(order) * 9 // 10]))
    sparse, decay = given["adam"] == "rows", float(given["decay"])
    glorot = given["weights"] == "glorot"
    if given["model"] == "autoint":
        net = AutoInt(count, slots, given["attention"] == "authors", glorot, sparse)
    else:
        net = Net(count, slots, given["model"] == "deepfm", glorot, sparse)
    tables = [module.weight for module in net.children() if isinstance(module, nn.Embedding)]
    rest = [p for p in net.parameters() if all(p is not table for table in tables)]
    optimizers = [torch.optim.Adam(rest, lr=RATE, weight_decay=decay),
                  RowAdam(tables, decay) if sparse else torch.optim.Adam(tables, lr=RATE, weight_decay=decay)]

    def logits(part):
        return net(rows[part], None if weights is None else weights[part])

    def auc(part):
        net.eval()
        with torch.no_grad():
            scores = torch.cat([logits(block) for block in part.split(16384)])
        return roc_auc_score(labels[part.numpy()], scores.numpy())

    best = (0, 0, 0)
    for epoch in range(int(given["epochs"])):
        net.train()
        for batch in train[torch.randperm(len(train))].split(BATCH):
            loss = nn.functional.binary_cross_entropy_with_logits(logits(batch), y[batch])
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
        best = max(best, (auc(validation), auc(test), epoch + 1))
    print(" ".join(f"{key}={value}" for key, value in given.items()),
          f": epoch {best[2]}, validation AUC {best[0]:.5f}, test AUC {best[1]:.5f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
