"""What a map should look like from outside: keys with values, and entries that no key finds again."""

from __future__ import annotations

from gomodel import Array, Bag, Component, Int, Option, require, rule


class Dictionary(Component):
    """A finite map; whatever happens to it is one step.  Looking up and iterating over it change nothing.

    ``odd`` holds the values of entries whose key is not equal to itself, as NaN is not.  Each insertion makes a new
    one, and nothing finds it again: such entries can be iterated over, counted, and cleared, ``most`` of them here.
    """

    def __init__(self, *, keys, values, most=0):
        self.keys = keys
        self.values = values
        self.most = most

    def state(self):
        self.value = Array(Option(Int(0, self.values - 1)), self.keys)
        self.odd = Bag(Int(0, self.values - 1), self.most)

    @rule
    def insert(self, k: Int(0, self.keys - 1), v: Int(0, self.values - 1)):
        require(self.value[k] is None)
        self.value[k] = v

    @rule
    def update(self, k: Int(0, self.keys - 1), v: Int(0, self.values - 1)):
        require(self.value[k] is not None)
        self.value[k] = v

    @rule
    def delete(self, k: Int(0, self.keys - 1)):
        self.value[k] = None

    @rule
    def insert_odd(self, v: Int(0, self.values - 1)):
        require(self.odd.count(v) < self.most)
        self.odd.add(v)

    @rule
    def clear(self):
        self.value.fill(None)
        self.odd.clear()
