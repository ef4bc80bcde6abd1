"""How append grows a slice: today's rule is monotone and within 1.25 and 2 times; the rule before Go 1.18 is not.

runtime/slice.go:326, ``nextslicecap``, for an append of one element to a full slice: one turn of its loop is enough
then.  Two slices of capacities ``a`` ≤ ``b`` grow side by side; ``make`` gives them any capacities.  For an append of
several elements today's rule is not monotone either: to hold 1,000 elements a slice of 600 grows to 1,369 and one of
700 to 1,067 (before these are rounded to size classes, which is left out here).
"""

from __future__ import annotations

from gomodel import Bound, Bug, Int, Model, Proof, Scenario, implies, invariant, require, rule

THRESHOLD = 256  # slice.go:333


class SliceGrowth(Model):
    """Two full slices and what they grow to."""

    name = "slice"
    go = "go1.27.3"
    source = ("runtime/slice.go",)

    most: int = Bound(300, min=2, max=100_000, help="the largest capacity")

    scenarios = {"any": Scenario("two slices of any capacities")}

    proof = Proof(
        "of two slices the larger one stays the larger one, and each grows by 1.25 to 2",
        proves=("monotone", "by_a_quarter", "by_two"),
        any=("most",),
        bugs=("old", "unscaled"),
        small=(("most", 3000),),
        assumes=("an append of one element", "capacities before they are rounded to a size class"),
    )

    def state(self):
        self.a = Int(1, self.most, init=1)
        self.b = Int(1, self.most, init=1)
        self.grown_a = Int(0, self.most)  # 0: not grown yet
        self.grown_b = Int(0, self.most)

    def next_cap(self, old):
        """slice.go:326-358."""
        if self.bug("old"):
            return 2 * old if old < 1024 else old + old // 4
        if self.bug("unscaled"):
            return 2 * old if old < THRESHOLD else old + 3 * THRESHOLD
        return 2 * old if old < THRESHOLD else old + (old + 3 * THRESHOLD) // 4

    @rule
    def make_a(self):
        require(self.a < self.b)
        self.a += 1
        self.grown_a = self.grown_b = 0

    @rule
    def make_b(self):
        require(self.b < self.most)
        self.b += 1
        self.grown_a = self.grown_b = 0

    @rule
    def append(self):
        require(self.next_cap(self.a) <= self.most and self.next_cap(self.b) <= self.most)
        self.grown_a = self.next_cap(self.a)
        self.grown_b = self.next_cap(self.b)

    @invariant
    def monotone(self):
        """The slice with the larger capacity has the larger one afterwards."""
        return self.grown_a <= self.grown_b

    @invariant
    def by_a_quarter(self):
        """A slice grows by a quarter at least."""
        return implies(self.grown_a > 0, 4 * self.grown_a >= 5 * self.a and 4 * self.grown_b >= 5 * self.b)

    @invariant
    def by_two(self):
        """A slice grows to twice its size at most."""
        return self.grown_a <= 2 * self.a and self.grown_b <= 2 * self.b

    @invariant
    def in_order(self):
        """The first slice is not the larger one."""
        return self.a <= self.b

    bugs = {
        "old": Bug(
            "the rule before Go 1.18: double below 1,024, then a quarter", breaks=("monotone", "by_a_quarter"),
            go="runtime/slice.go:326", bounds={"most": 2600}, issue="golang/go#41239",
        ),
        "unscaled": Bug(
            "the summand that smooths the change is not scaled as the rest is", breaks="by_two",
            go="runtime/slice.go:341", bounds={"most": 1100},
        ),
    }  # fmt: skip
