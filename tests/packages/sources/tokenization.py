"""Module 10: text as numbers."""


class Tokenizer:
    def encode(self, text):
        raise NotImplementedError

    def decode(self, tokens):
        raise NotImplementedError


class CharTokenizer(Tokenizer):
    def __init__(self, vocab=None):
        self.build_vocab([vocab or ""])

    def build_vocab(self, corpus):
        self.vocab = sorted(set("".join(corpus)))
        self.vocab_size = len(self.vocab)

    def encode(self, text):
        return [self.vocab.index(character) for character in text]

    def decode(self, tokens):
        return "".join(self.vocab[token] for token in tokens)
