"""What the runtime keeps of each goroutine that uses channels (runtime2.go:404-566, proc.go:1133-1154, 4268-4318)."""

from __future__ import annotations

from gomodel import Array, Bool, Component, Ghost, Int, Option, Pid, Struct, fatal, step


class Goroutines(Component):
    """Status, and what wakers and stack shrinking read and write, of each goroutine of a program.

    A *sudog* stands for a goroutine in the queue of a channel.  A goroutine has one for each case of its select, which
    it is numbered like, and else a single one: ``cases`` is how many cases the largest select has.
    """

    def __init__(self, procs, *, cases=1, asleep=False, shrinking=False):
        self.procs = procs
        self.cases = cases
        self.rest = "blocked" if asleep else False  # a program may leave goroutines parked
        self.shrinking = shrinking  # somebody shrinks stacks: what keeps it off is modelled
        self.Sudog = Struct(g=Pid(procs), case=Int(0, cases - 1)) if cases > 1 else Pid(procs)

    def state(self):
        self.waiting = Array(Bool(), self.procs)  # g.atomicstatus is _Gwaiting
        # what keeps stack shrinking off; written only where somebody shrinks
        self.parking_on_chan = Array(Bool(), self.procs)  # g.parkingOnChan
        self.active_stack_chans = Array(Bool(), self.procs)  # g.activeStackChans
        self.scan = Array(Bool(), self.procs)  # the _Gscan bit of g.atomicstatus
        # written only where there are selects
        self.listed = Array(Bool(), self.procs)  # g.waiting, the list of its sudogs, is not empty
        self.selecting = Array(Bool(), self.procs)  # sudog.isSelect, the same for all of them
        self.select_done = Array(Bool(), self.procs)  # g.selectDone
        self.param = Array(Option(Int(0, self.cases - 1)), self.procs)  # g.param: which of its sudogs was served
        self.wins = Ghost(Array(Int(0, 2), self.procs))  # partners and closes that have served this parked goroutine

    # --- sudogs ----------------------------------------------------------------------------------------------

    def sudog(self, g, case):
        return self.Sudog(g=g, case=case) if self.cases > 1 else g

    def owner(self, s):
        return s.g if self.cases > 1 else s

    def case(self, s):
        return s.case if self.cases > 1 else 0

    def get(self, array, s):
        """The cell of sudog ``s`` in an array made by ``each``."""
        return array[s.g][s.case] if self.cases > 1 else array[s]

    def put(self, array, s, value):
        if self.cases > 1:
            array[s.g][s.case] = value
        else:
            array[s] = value

    def each(self, domain):
        """The domain of a field of every sudog."""
        return Array(Array(domain, self.cases), self.procs) if self.cases > 1 else Array(domain, self.procs)

    # --- parking and readying --------------------------------------------------------------------------------

    def lost(self, s):
        """A sudog of a select that another case has won already: the CAS of selectDone fails (chan.go:896-900)."""
        return self.cases > 1 and self.selecting[s.g] and self.select_done[s.g]

    def win(self, s):
        """A partner or a close serves this sudog."""
        if self.cases > 1:
            self.select_done[s.g] = self.select_done[s.g] or self.selecting[s.g]
            self.wins[s.g] = min(self.wins[s.g] + 1, 2)

    def remember(self, g):
        """gp.waiting = mysg, gp.param = nil."""
        if self.cases > 1:
            self.listed[g] = True
            self.param[g] = None

    def forget(self, g):
        """gp.waiting = nil, gp.param = nil."""
        if self.cases > 1:
            self.listed[g] = False
            self.param[g] = None
            self.wins[g] = 0

    def notify(self, s):
        """gp.param = sg."""
        if self.cases > 1:
            self.param[s.g] = s.case

    def keep_stack(self, g, on=True):
        """parkingOnChan is set before parking (chan.go:278, 662)."""
        if self.shrinking:
            self.parking_on_chan[g] = on

    def scanned(self, g):
        """casgstatus waits until the scan bit is cleared (proc.go:1303-1320)."""
        return self.shrinking and self.scan[g]

    def sleep_for_ever(self, g, go, src, awake=False):
        """Nobody knows of this goroutine: it waits for a nil channel, or for no channel at all."""
        yield step("N1 park on nil", go=go, src=src)
        self.waiting[g] = not awake
        yield step("N2 asleep for ever", when=lambda: not self.waiting[g], rest="blocked", go=go, src=src)
        fatal("unreachable", prop="asleep_for_ever")

    def ready(self, g):
        """proc.go:1133-1154."""
        if not self.waiting[g]:
            fatal("bad g->status in ready", prop="ready_waits")
        self.waiting[g] = False
