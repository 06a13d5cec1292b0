"""PyTorch: DeepFM with one sparse embedding table, Adam on the rows touched (SparseAdam) and on the dense weights."""
from clicks import work_on
from peer import serve


def load():
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

    def create(categories, cardinality, numbers):
        model = DeepFm(categories, cardinality, numbers, 16, [256, 128, 64])
        return model, [model.table.weight, model.weights.weight]

    return f"PyTorch {torch.__version__}", lambda case: work_on(case, create)


serve(load)
