"""PyTorch: nn.GRU or nn.LSTM over a batch of sequences of one length, forward and back, with the gradient of the inputs."""
from peer import blas, serve


def load():
    import torch

    def prepare(case):
        torch.set_num_threads(case["threads"])
        torch.manual_seed(1)
        kind = torch.nn.GRU if case["kind"] == "gru" else torch.nn.LSTM
        layer = kind(case["inputs"], case["width"], batch_first=True)
        x = torch.randn(case["batch"], case["steps"], case["inputs"], requires_grad=True)

        def run():
            layer.zero_grad(set_to_none=True)
            x.grad = None
            layer(x)[0].sum().backward()

        return run

    return f"PyTorch {torch.__version__} over {blas()}", prepare


serve(load)
