"""What must hold of a marking phase (runtime/mgc.go)."""

from __future__ import annotations

from gomodel import implies, invariant, reachable
from gomodel.specs.runtime.gcwork import GcWork


class Judged(GcWork):
    """The words, and what is true of them."""

    def decided(self):
        """The world is stopped, and marking was found to be done."""
        return self.phase == "mark" and not self.blacken

    def marked_if_reachable(self):
        found = self.reachable()
        return all(not found[o] or self.heap.marked[o] for o in self.collected)

    @invariant
    def sound(self):
        """When marking ends, everything that can be reached is marked (G3.sound)."""
        return implies(self.decided(), lambda: self.marked_if_reachable())

    @invariant
    def nothing_dangles(self):
        """What can be reached has not been freed (G3.sound)."""
        found = self.reachable()
        return all(not found[o] or self.heap.used[o] for o in self.collected)

    @invariant
    def no_work_is_left(self):
        """When marking ends, no object is queued, and barriers have recorded nothing unmarked (G3.nowork)."""
        queued = any(self.place[o] != self.NOWHERE for o in self.collected)
        return implies(self.decided(), lambda: not queued and not self.unflushed())

    def unflushed(self):
        return any(self.wb[p][o] and not self.heap.marked[o] for p in range(self.procs) for o in self.collected)

    @invariant
    def queued_are_marked(self):
        """Only marked objects are queued: each is queued once in a cycle, so marking is bounded by the heap."""
        return all(self.place[o] == self.NOWHERE or self.heap.marked[o] for o in self.collected)

    @invariant
    def barrier_first(self):
        """From when something may be marked, nobody is about to write without the barrier (G2.wb)."""
        marking = self.blacken or any(self.heap.marked)
        return implies(marking, all(not self.inside[i] or self.sees[i] for i in range(self.mutators)))

    @invariant
    def every_stack_scanned(self):
        """When marking ends, the stack of each goroutine that was there when it began has been scanned (G2.roots)."""
        scanned = all(not self.listed[i] or self.scanned[i] for i in range(self.mutators))
        return implies(self.decided(), lambda: self.next == self.jobs and scanned)

    @invariant
    def ends_once(self):
        """A cycle ends once (G3.one)."""
        return self.ends <= 1

    @invariant
    def freed_within_two_cycles(self):
        """What cannot be reached when marking begins is freed at the end of that cycle."""
        return all(self.phase != "off" or not (self.dead[o] and self.heap.used[o]) for o in self.collected)

    # --- witnesses -------------------------------------------------------------------------------------------

    @reachable
    def work_after_the_barrier(self):
        """The ragged barrier has found nothing, yet with the world stopped there is work (golang/go#27993)."""
        return self.waiting and self.blacken and self.unflushed() and not any(self.todo) and not any(self.held)

    @reachable
    def scanned_and_white(self):
        """A goroutine whose stack has been scanned holds a pointer to an object that is not marked."""
        return self.phase == "mark" and any(
            self.listed[i]
            and self.scanned[i]
            and any(self.stack[i][r] == o and not self.heap.marked[o] for r in range(self.regs))
            for i in range(self.mutators)
            for o in self.collected
        )

    @reachable
    def floating(self):
        """When marking ends, an object is marked that cannot be reached any more."""
        found = self.reachable()
        return self.decided() and any(self.heap.marked[o] and not found[o] for o in self.collected)

    @reachable
    def freed(self):
        return any(not self.heap.used[o] for o in self.collected)
