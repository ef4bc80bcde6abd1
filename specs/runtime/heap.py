"""A heap of a few objects with pointers in them, as a garbage collector sees it (runtime/mgc.go, runtime/malloc.go)."""

from __future__ import annotations

from gomodel import Array, Bool, Component, Int, Option


class Heap(Component):
    """Objects, each with the same number of pointer slots.  Object 0 is the globals: a root, and never freed.

    ``Ref`` is the domain of a pointer.  A freed object keeps no pointers: nothing may look at them any more.
    """

    def __init__(self, *, objects, slots):
        self.objects = objects
        self.slots = slots
        self.Ref = Option(Int(0, objects - 1))

    def state(self):
        self.slot = Array(Array(self.Ref, self.slots), self.objects)
        self.used = Array(Bool(), self.objects)  # allocated, and not freed since
        self.marked = Array(Bool(), self.objects)  # the mark bits

    def allocate(self, o, black):
        """The object is initialised, all of it nil, before anybody sees it (malloc.go:1292-1310)."""
        self.used[o] = True
        self.marked[o] = black

    def free(self, o):
        self.used[o] = False
        self.marked[o] = False
        for i in range(self.slots):
            self.slot[o][i] = None

    def points(self, o, x):
        """Whether object ``o`` holds a pointer to ``x``; both are numbers that are known when the model is traced."""
        return any(self.slot[o][i] == x for i in range(self.slots))

    def closure(self, start, through=None):
        """Where pointers lead to from the objects of ``start``, in any number of hops, these included.

        ``start`` and ``through`` are lists with a truth value for each object; only objects of ``through`` are passed
        through or arrived at, by default all.
        """
        found = start
        for _ in range(self.objects - 1):
            found = [
                found[x]
                or (
                    (through is None or through[x]) and any(found[o] and self.points(o, x) for o in range(self.objects))
                )
                for x in range(self.objects)
            ]
        return found
