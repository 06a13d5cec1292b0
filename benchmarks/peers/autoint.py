"""PyTorch: AutoInt with one sparse embedding table, Adam on the rows touched (SparseAdam) and on the dense weights.

Queries, keys, values and residual come from one product; the heads' maps from batched products: its fastest plain form.
"""
from peer import serve


def load():
    import numpy
    import torch
    from torch import nn

    class Layer(nn.Module):
        def __init__(self, inputs, heads, width):
            super().__init__()
            self.heads, self.width = heads, width
            self.projections = nn.Linear(inputs, 4 * heads * width, bias=False)

        def forward(self, x):
            b, m, _ = x.shape
            q, k, v, residual = self.projections(x).chunk(4, 2)
            q, k, v = (t.reshape(b, m, self.heads, self.width).transpose(1, 2) for t in (q, k, v))
            maps = torch.softmax(q @ k.transpose(2, 3), 3)
            return torch.relu((maps @ v).transpose(1, 2).reshape(b, m, -1) + residual)

    class AutoInt(nn.Module):
        def __init__(self, categories, cardinality, numbers, dimension, layers, heads, width):
            super().__init__()
            self.table = nn.Embedding(categories * cardinality + numbers, dimension, sparse=True)
            nn.init.normal_(self.table.weight, std=0.01)
            self.layers = nn.Sequential(*(Layer(dimension if i == 0 else heads * width, heads, width) for i in range(layers)))
            self.output = nn.Linear((categories + numbers) * heads * width, 1)

        def forward(self, rows, values):
            return self.output(self.layers(self.table(rows) * values).flatten(1))[:, 0]

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
        rows, values = torch.from_numpy(rows), torch.from_numpy(values)[:, :, None]
        labels = torch.from_numpy((rng.random(count) < 0.3).astype(numpy.float32))
        model = AutoInt(categories, cardinality, numbers, 16, 3, 2, case["width"])
        rest = [p for p in model.parameters() if p is not model.table.weight]
        sparse, dense = torch.optim.SparseAdam([model.table.weight], lr=1e-3), torch.optim.Adam(rest, lr=1e-3)
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

        return {"train": train, "score": score}[case["work"]]

    return f"PyTorch {torch.__version__}", prepare


serve(load)
