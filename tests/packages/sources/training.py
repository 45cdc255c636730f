"""Module 08 (07 in December 2025): the training loop."""

import math

import numpy as np


class CosineSchedule:
    def __init__(self, max_lr=0.1, min_lr=0.01, total_epochs=100):
        self.max_lr, self.min_lr, self.total_epochs = max_lr, min_lr, total_epochs

    def get_lr(self, epoch):
        done = min(epoch, self.total_epochs) / self.total_epochs
        return self.min_lr + (self.max_lr - self.min_lr) * (1 + math.cos(math.pi * done)) / 2


def clip_grad_norm(parameters, max_norm=1.0):
    gradients = [p for p in parameters if p.grad is not None]
    norm = math.sqrt(sum(float((p.grad**2).sum()) for p in gradients))
    if norm > max_norm:
        for p in gradients:
            p.grad = p.grad * (max_norm / norm)
    return norm


class Trainer:
    def __init__(self, model, optimizer, loss_fn, scheduler=None, grad_clip_norm=None):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn
        self.scheduler, self.grad_clip_norm = scheduler, grad_clip_norm
        self.epoch = 0

    def train_epoch(self, dataloader):
        losses = []
        if self.scheduler is not None:
            self.optimizer.lr = self.scheduler.get_lr(self.epoch)
        for x, y in dataloader:
            self.optimizer.zero_grad()
            loss = self.loss_fn(self.model(x), y)
            loss.backward()
            if self.grad_clip_norm is not None:
                clip_grad_norm(self.model.parameters(), self.grad_clip_norm)
            self.optimizer.step()
            losses.append(float(loss.data))
        self.epoch += 1
        return float(np.mean(losses))

    def evaluate(self, dataloader):
        losses, right = [], []
        for x, y in dataloader:
            logits = self.model(x)
            losses.append(float(self.loss_fn(logits, y).data))
            right.append(float((logits.data.argmax(axis=1) == y.data).mean()))
        return float(np.mean(losses)), float(np.mean(right))
