"""PyTorch: AutoInt with one sparse embedding table, Adam on the rows touched (SparseAdam) and on the dense weights.

Queries, keys, values and residual come from one product; the heads' maps from batched products: its fastest plain form.
"""
from clicks import work_on
from peer import serve


def load():
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
        def create(categories, cardinality, numbers):
            model = AutoInt(categories, cardinality, numbers, 16, 3, 2, case["width"])
            return model, [model.table.weight]

        return work_on(case, create)

    return f"PyTorch {torch.__version__}", prepare


serve(load)
