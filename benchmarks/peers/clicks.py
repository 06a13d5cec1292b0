"""Clicks drawn at random for click models in PyTorch, and the training and scoring that every model shares."""


def rows_of(case):
    """Rows of one table and their factors [count, fields, 1]: categories whose codes follow a Zipf law, and numbers; labels [count]."""
    import numpy
    import torch

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
    labels = torch.from_numpy((rng.random(count) < 0.3).astype(numpy.float32))
    return torch.from_numpy(rows), torch.from_numpy(values)[:, :, None], labels


def work_on(case, create):
    """The run of a case: create(categories, cardinality, numbers) gives the model and its sparse tables."""
    import torch

    torch.set_num_threads(case["threads"])
    torch.manual_seed(1)
    rows, values, labels = rows_of(case)
    model, tables = create(26, 100_000, 13)
    rest = [p for p in model.parameters() if all(p is not t for t in tables)]
    sparse, dense = torch.optim.SparseAdam(tables, lr=1e-3), torch.optim.Adam(rest, lr=1e-3)
    loss_of = torch.nn.BCEWithLogitsLoss()

    def train():
        order = torch.randperm(len(labels))
        for start in range(0, len(labels), case["batch"]):
            places = order[start:start + case["batch"]]
            loss = loss_of(model(rows[places], values[places]), labels[places])
            sparse.zero_grad()
            dense.zero_grad()
            loss.backward()
            sparse.step()
            dense.step()

    def score():
        with torch.no_grad():
            for start in range(0, len(labels), case["batch"]):
                torch.sigmoid(model(rows[start:start + case["batch"]], values[start:start + case["batch"]]))

    return train if case["work"] == "train" else score
