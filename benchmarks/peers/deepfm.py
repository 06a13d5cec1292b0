"""PyTorch: DeepFM with one sparse embedding table, Adam on the rows touched (SparseAdam) and on the dense weights."""
from peer import serve


def load():
    import numpy
    import torch
    from torch import nn

    class DeepFm(nn.Module):
        def __init__(self, categories, cardinality, numbers, dimension, hidden):
            super().__init__()
            rows = categories * cardinality + numbers
            self.table = nn.Embedding(rows, dimension, sparse=True)
            self.weights = nn.Embedding(rows, 1, sparse=True)
            nn.init.normal_(self.table.weight, std=0.01)
            nn.init.zeros_(self.weights.weight)
            self.bias = nn.Parameter(torch.zeros(1))
            layers, width = [], (categories + numbers) * dimension
            for size in hidden:
                layers += [nn.Linear(width, size), nn.ReLU()]
                width = size
            self.deep = nn.Sequential(*layers, nn.Linear(width, 1))

        def forward(self, rows, values):
            e = self.table(rows) * values
            total = e.sum(1)
            fm = 0.5 * (total * total - (e * e).sum(1)).sum(1)
            linear = (self.weights(rows) * values).sum((1, 2)) + self.bias
            return linear + fm + self.deep(e.flatten(1))[:, 0]

    def prepare(case):
        torch.set_num_threads(case["threads"])
        torch.manual_seed(1)
        categories, cardinality, numbers = 26, 100_000, 13
        count = case["batch"] * case["steps"]
        rng = numpy.random.default_rng(7)
        codes = (cardinality ** rng.random((count, categories))).astype(numpy.int64) * 7919 % cardinality
        rows = numpy.concatenate([codes + numpy.arange(categories) * cardinality,
                                  numpy.broadcast_to(categories * cardinality + numpy.arange(numbers), (count, numbers))], 1)
        values = numpy.concatenate([numpy.ones((count, categories)), rng.random((count, numbers))], 1).astype(numpy.float32)
        if case["work"] == "request":  # one user: the first 16 categories and 7 numbers are the same for all candidates
            rows[:, :16] = rows[0, :16]
            values[:, 26:33] = values[0, 26:33]
        rows, values = torch.from_numpy(rows), torch.from_numpy(values)[:, :, None]
        labels = torch.from_numpy((rng.random(count) < 0.3).astype(numpy.float32))
        model = DeepFm(categories, cardinality, numbers, 16, [256, 128, 64])
        tables = [model.table.weight, model.weights.weight]
        rest = [p for p in model.parameters() if all(p is not t for t in tables)]
        sparse, dense = torch.optim.SparseAdam(tables, lr=1e-3), torch.optim.Adam(rest, lr=1e-3)
        loss_of = nn.BCEWithLogitsLoss()

        def train():
            order = torch.randperm(count)
            for start in range(0, count, case["batch"]):
                places = order[start:start + case["batch"]]
                loss = loss_of(model(rows[places], values[places]), labels[places])
                sparse.zero_grad()
                dense.zero_grad()
                loss.backward()
                sparse.step()
                dense.step()

        def score():
            with torch.no_grad():
                for start in range(0, count, case["batch"]):
                    torch.sigmoid(model(rows[start:start + case["batch"]], values[start:start + case["batch"]]))

        return {"train": train, "score": score, "request": score}[case["work"]]

    return f"PyTorch {torch.__version__}", prepare


serve(load)
