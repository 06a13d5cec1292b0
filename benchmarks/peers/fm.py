"""PyTorch: a factorisation machine with sparse embeddings, Adagrad on the rows touched, the summed log loss of each batch."""
from peer import serve


def load():
    import numpy
    import torch

    def prepare(case):
        torch.set_num_threads(case["threads"])
        rows, fields, k, batch = case["rows"], case["fields"], case["factors"], case["batch"]
        cells = numpy.fromfile(case["path"], dtype=numpy.int32, count=rows * fields).reshape(rows, fields)
        labels = numpy.fromfile(case["path"], dtype=numpy.float32, offset=4 * rows * fields)
        x, y = torch.from_numpy(cells.astype(numpy.int64)), torch.from_numpy(labels)
        log_loss = torch.nn.functional.binary_cross_entropy_with_logits

        def start():
            vectors = torch.nn.Embedding(case["columns"], k, sparse=True)
            weights = torch.nn.Embedding(case["columns"], 1, sparse=True)
            torch.nn.init.normal_(vectors.weight, 0, .01)
            torch.nn.init.zeros_(weights.weight)
            rate = y.mean()
            return vectors, weights, torch.nn.Parameter(torch.log(rate / (1 - rate)))

        def forward(model, cells):
            vectors, weights, bias = model
            v = vectors(cells)
            s = v.sum(1)
            return bias + weights(cells).sum((1, 2)) + .5 * (s * s - (v * v).sum(1)).sum(1)

        def train(epochs):
            torch.manual_seed(1)
            model = start()
            parameters = [model[0].weight, model[1].weight, model[2]]
            step = torch.optim.Adagrad(parameters, lr=case["rate"], initial_accumulator_value=case["accumulator"])
            for _ in range(epochs):
                total = 0.0
                order = torch.randperm(rows)
                for begin in range(0, rows, batch):
                    places = order[begin:begin + batch]
                    step.zero_grad()
                    loss = log_loss(forward(model, x[places]), y[places], reduction="sum")
                    loss.backward()
                    step.step()
                    total += loss.item()
            return model, total / rows

        if not case["score"]:
            return lambda: train(case["epochs"])[1]
        model, _ = train(1)

        def score():
            with torch.no_grad():
                for begin in range(0, rows, batch):
                    torch.sigmoid(forward(model, x[begin:begin + batch]))

        return score

    return f"PyTorch {torch.__version__}", prepare


serve(load)
