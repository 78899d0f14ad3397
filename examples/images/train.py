"""A small convolutional network on scikit-learn's 1,797 images of handwritten digits. It has never heard of pegbox."""

import argparse

import torch
from sklearn.datasets import load_digits
from torch import nn

EPOCHS, BATCH = 9, 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--channels", type=int, default=8)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)

    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16  # [N, 1, 8, 8]
    labels = torch.tensor(digits.target)
    train, test = slice(0, 1347), slice(1347, None)
    model = nn.Sequential(
        nn.Conv2d(1, given.channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(given.channels, 2 * given.channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(given.dropout), nn.Linear(8 * given.channels, 10),
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=given.learning_rate)
    for epoch in range(1, EPOCHS + 1):
        model.train()
        for rows in torch.randperm(1347).split(BATCH):
            loss = nn.functional.cross_entropy(model(images[train][rows]), labels[train][rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = model(images[test]).argmax(1) == labels[test]
        print(f"epoch {epoch} loss {loss.item():.4f} accuracy {right.float().mean().item():.4f}", flush=True)


if __name__ == "__main__":
    main()
