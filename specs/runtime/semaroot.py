"""The treap of a semaRoot: addresses as a search tree, waiters as lists hanging from it (runtime/sema.go, go1.27.3).

``queue`` (sema.go:304-396), ``dequeue`` (405-486), ``rotateLeft`` and ``rotateRight`` (490-542) run under
``root.lock`` from begin to end, so the model is sequential: one rule for each call, in any order, every sudog,
address, lifo flag and priority.  Ghost queues say what the treap should hold.

What is abstracted: priorities are 1..``priorities`` (the source draws ``cheaprand() | 1``: only their order and
that they are not 0 matters); profiling times, ``waiters`` and ``g.waiting`` are left out.

Checklist (ids of the reference for this part; the rest of the semaphore's are in ``sema``):

* treap     done: ``search_finds_every_address``, ``lists_match``, ``parents_right``, ``heap_by_ticket``
* blank     ours: ``clean_when_gone``, ``drawn_priorities``
* throws    sema.go:391, 510, 538 done: ``no_throw``
* s8 s9     done, as bugs
* stale nodraw   ours: plausible edits
"""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Bound,
    Bug,
    Ghost,
    Int,
    Model,
    Option,
    Preset,
    Queue,
    Scenario,
    Struct,
    fatal,
    invariant,
    reachable,
    require,
    rule,
)


class SemaRootModel(Model):
    """A semaRoot's treap of wait lists, used sequentially."""

    name = "semaroot"
    go = "go1.27.3"
    source = ("runtime/sema.go",)

    sudogs: int = Bound(3, min=1, max=5, help="waiters that may be queued at a time")
    addresses: int = Bound(3, min=1, max=4, help="addresses that hash to this root")
    priorities: int = Bound(2, min=1, max=4, help="distinct random priorities")

    scenarios = {"any order": Scenario("queue and dequeue in every order")}
    presets = {"quick": Preset(), "nightly": Preset(sudogs=4, priorities=3)}

    def state(self):
        pointer = Option(Int(0, self.sudogs - 1))
        self.node = Array(
            Struct(
                queued=Bool(),
                elem=Int(0, self.addresses - 1),
                ticket=Int(0, self.priorities),
                parent=pointer,
                prev=pointer,
                next=pointer,
                waitlink=pointer,
                waittail=pointer,
            ),
            self.sudogs,
        )
        self.root = Option(Int(0, self.sudogs - 1))
        self.line = Ghost(Array(Queue(Int(0, self.sudogs - 1), self.sudogs), self.addresses))

    # --- the code --------------------------------------------------------------------------------------------

    def replace_child(self, parent, old, new):
        """``*pt = new`` where pt is the root, or the field of ``parent`` that holds ``old``."""
        if parent is None:
            self.root = new
        elif self.node[parent].prev == old:
            self.node[parent].prev = new
        else:
            self.node[parent].next = new

    def adopt(self, child, parent):
        if child is not None:
            self.node[child].parent = parent

    @rule
    def queue(
        self, s: Int(0, self.sudogs - 1), a: Int(0, self.addresses - 1), lifo: Bool(), p: Int(1, self.priorities)
    ):
        """sema.go:304-396."""
        require(not self.node[s].queued)
        self.node[s].queued = True
        self.node[s].elem = a
        if lifo:
            self.line[a].push_front(s)
        else:
            self.line[a].push(s)
        last = None
        t = self.root
        for _ in range(self.sudogs):
            if t is None:
                break
            if self.node[t].elem == a:
                if lifo:
                    self.insert_before(s, t)
                else:
                    self.append_to(s, t)
                return
            last = t
            t = self.node[t].prev if a < self.node[t].elem else self.node[t].next
        if not self.bug("nodraw"):
            self.node[s].ticket = p
        self.node[s].parent = last
        if last is None:
            self.root = s
        elif a < self.node[last].elem:
            self.node[last].prev = s
        else:
            self.node[last].next = s
        self.rotate_up(s)

    def insert_before(self, s, t):
        """Substitute s in t's place in the treap, sema.go:319-346."""
        new, old = self.node[s], self.node[t]
        self.replace_child(old.parent, t, s)
        new.ticket = old.ticket
        new.parent = old.parent
        new.prev = old.prev
        new.next = old.next
        if not self.bug("s9"):
            self.adopt(new.prev, s)
            self.adopt(new.next, s)
        new.waitlink = t
        new.waittail = old.waittail
        if new.waittail is None and not self.bug("s8"):
            new.waittail = t
        old.parent = None
        old.prev = None
        old.next = None
        old.waittail = None

    def append_to(self, s, t):
        """Add s to the end of t's list, sema.go:347-359."""
        if self.node[t].waittail is None:
            self.node[t].waitlink = s
        else:
            self.node[self.node[t].waittail].waitlink = s
        self.node[t].waittail = s

    def rotate_up(self, s):
        """sema.go:386-395."""
        for _ in range(self.sudogs):
            up = self.node[s].parent
            if up is None or self.node[up].ticket <= self.node[s].ticket:
                break
            if self.node[up].prev == s:
                self.rotate_right(up)
            else:
                if self.node[up].next != s:
                    fatal("semaRoot queue", prop="no_throw")
                self.rotate_left(up)

    @rule
    def dequeue(self, a: Int(0, self.addresses - 1)):
        """sema.go:405-486; with nobody on ``a`` nothing changes, so the rule asks for somebody."""
        s = self.find(a)
        require(s is not None)
        self.line[a].pop()
        t = self.node[s].waitlink
        if t is not None:
            self.substitute(s, t)
        else:
            self.sink(s)
            self.replace_child(self.node[s].parent, s, None)
        self.forget(s)

    def forget(self, s):
        gone = self.node[s]
        gone.queued = False
        if not self.bug("stale"):
            gone.elem = 0
        gone.ticket = 0
        gone.parent = None
        gone.prev = None
        gone.next = None
        gone.waitlink = None
        gone.waittail = None

    def substitute(self, s, t):
        """t, also waiting on the address, takes s's place, sema.go:427-456."""
        new, old = self.node[t], self.node[s]
        self.replace_child(old.parent, s, t)
        new.ticket = old.ticket
        new.parent = old.parent
        new.prev = old.prev
        new.next = old.next
        if not self.bug("s9"):
            self.adopt(new.prev, t)
            self.adopt(new.next, t)
        new.waittail = old.waittail if new.waitlink is not None else None

    def sink(self, s):
        """Rotate s down to a leaf, respecting priorities, sema.go:459-465."""
        for _ in range(self.sudogs):
            left, right = self.node[s].prev, self.node[s].next
            if left is None and right is None:
                break
            if right is None or (left is not None and self.node[left].ticket < self.node[right].ticket):
                self.rotate_right(s)
            else:
                self.rotate_left(s)

    def rotate_left(self, x):
        """(x a (y b c)) becomes (y (x a b) c), sema.go:490-514."""
        up = self.node[x].parent
        y = self.node[x].next
        b = self.node[y].prev
        self.node[y].prev = x
        self.node[x].parent = y
        self.node[x].next = b
        self.adopt(b, x)
        self.hang(y, up, x)

    def rotate_right(self, y):
        """(y (x a b) c) becomes (x a (y b c)), sema.go:518-542."""
        up = self.node[y].parent
        x = self.node[y].prev
        b = self.node[x].next
        self.node[x].next = y
        self.node[y].parent = x
        self.node[y].prev = b
        self.adopt(b, y)
        self.hang(x, up, y)

    def hang(self, new, up, old):
        self.node[new].parent = up
        if up is None:
            self.root = new
        elif self.node[up].prev == old:
            self.node[up].prev = new
        else:
            if self.node[up].next != old:
                fatal("semaRoot rotate", prop="no_throw")
            self.node[up].next = new

    def find(self, a):
        """The head of the list of ``a``, as dequeue searches it, sema.go:406-420."""
        s = self.root
        for _ in range(self.sudogs):
            if s is None or self.node[s].elem == a:
                break
            s = self.node[s].prev if a < self.node[s].elem else self.node[s].next
        return s

    # --- properties ------------------------------------------------------------------------------------------

    def head(self, x):
        """Whether sudog x should stand in the tree: it is the first of its list."""
        return any(len(q) > 0 and q[0] == x for q in self.line)

    @invariant
    def search_finds_every_address(self):
        """Searching an address finds the head of its list, and nothing where nobody waits."""
        return all(
            self.find(a) == self.line[a][0] if len(self.line[a]) > 0 else self.find(a) is None
            for a in range(self.addresses)
        )

    @invariant
    def lists_match(self):
        """From each head the links run through the waiters in order; waittail is the last, nil when alone."""
        return all(self.list_matches(q) for q in self.line)

    def list_matches(self, q):
        linked = all(
            i >= len(q) or self.node[q[i]].waitlink == (q[i + 1] if i + 1 < len(q) else None)
            for i in range(self.sudogs)
        )
        if len(q) == 0:
            return True
        return linked and self.node[q[0]].waittail == (q[len(q) - 1] if len(q) > 1 else None)

    @invariant
    def parents_right(self):
        """Both children of a node in the tree point back to it, and the root has no parent."""
        return (self.root is None or self.node[self.root].parent is None) and all(
            not self.head(x) or (self.points_back(self.node[x].prev, x) and self.points_back(self.node[x].next, x))
            for x in range(self.sudogs)
        )

    def points_back(self, child, x):
        return child is None or self.node[child].parent == x

    @invariant
    def heap_by_ticket(self):
        """No child in the tree has a smaller ticket than its parent."""
        return all(
            not self.head(x) or (self.not_above(x, self.node[x].prev) and self.not_above(x, self.node[x].next))
            for x in range(self.sudogs)
        )

    def not_above(self, x, child):
        return child is None or self.node[x].ticket <= self.node[child].ticket

    @invariant
    def drawn_priorities(self):
        """Who stands in the tree has drawn a priority, or taken one over: 0 is for those that do not wait."""
        return all(not self.head(x) or self.node[x].ticket > 0 for x in range(self.sudogs))

    @invariant
    def clean_when_gone(self):
        """Whoever waits for nothing is blank, as sema.go:480-484 leaves it, and may wait for something else."""
        return all(
            self.waits(x) == self.node[x].queued and (self.waits(x) or self.blank(x)) for x in range(self.sudogs)
        )

    def waits(self, x):
        return any(any(y == x for y in q) for q in self.line)

    def blank(self, x):
        node = self.node[x]
        links = node.parent is None and node.prev is None and node.next is None
        return links and node.waitlink is None and node.waittail is None and node.elem == 0 and node.ticket == 0

    @reachable
    def three_addresses(self):
        return self.addresses < 3 or all(len(q) > 0 for q in self.line)

    @reachable
    def three_in_a_list(self):
        return any(len(q) == 3 for q in self.line)

    bugs = {
        "s8": Bug(
            "a lifo insert before a lone waiter forgets waittail",
            breaks="lists_match",
            go="runtime/sema.go:336",
        ),
        "s9": Bug(
            "the children of a replaced node keep their parent pointer",
            breaks=("no_throw", "parents_right"),
            go="runtime/sema.go:327",
        ),
        "stale": Bug("dequeue keeps the address", breaks="clean_when_gone", go="runtime/sema.go:481"),
        "nodraw": Bug("queue draws no priority", breaks="drawn_priorities", go="runtime/sema.go:381"),
    }
