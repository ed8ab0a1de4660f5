"""The bench that the demo and the tests share: software cards, a reader chip on a pseudo-terminal, a board of pins."""
