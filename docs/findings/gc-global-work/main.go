package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"unsafe"
)

type Node struct {
	next *Node
	pad  [126]*Node
}
type T struct {
	p *T
	x int
}
type Big struct{ p [16384]*T } // 128 KiB, all pointers
type W struct{ c [128]*Big }

var dummy = new(Node)
var K *Node
var cell atomic.Pointer[W]
var other *W

var filler [64]*Node
var flag, step1 atomic.Int32

const N = 20

func list(n int, tail *Node) *Node {
	h := tail
	for i := 0; i < n; i++ {
		x := &Node{next: h}
		for j := range x.pad {
			x.pad[j] = dummy
		}
		h = x
	}
	return h
}

//go:noinline
func tick(a [64]int) int { var b [256]int; b[a[3]&255] = 1; return b[a[4]&255] }

func g1(done chan bool) {
	var z [64]int
	for !(runtime.MCMarking() && runtime.MCScanned()) {
		tick(z)
	}
	// walk K: the last node's pad[0] is the head of L
	n := K
	for n.next != nil {
		n = n.next
	}
	l := n.pad[0]
	n.pad[0] = nil // barrier: L is in this P's buffer only
	for !runtime.MCBarrier() {
	}
	tick(z) // the ragged barrier's function runs here: L is published
	step1.Store(1)
	n = l
	for i := 0; i < 55000; i++ {
		n = n.next
	}
	for !runtime.MCMarked(uintptr(unsafe.Pointer(n))) {
		tick(z)
	}
	for n.next != nil {
		n = n.next
	}
	h := (*Holder2)(ptr(n))
	w := h.w
	h.w = nil
	cell.Store(w)
	for flag.Load() == 0 {
		runtime.MCPause(10)
	}
	runtime.KeepAlive(w)
	for !runtime.MCMarking() || flag.Load() < 2 {
		tick(z)
	}
	for i := 0; i < 100 && runtime.MCBarrier(); i++ {
		tick(z)
	}
	passed = !runtime.MCBarrier()
	fl = runtime.MCFlushed()
	for i := 0; i < 100 && !runtime.MCFull(); i++ {
		runtime.MCPause(5)
	}
	if delay > 0 {
		runtime.MCPause(uint32(round * delay % 5000))
	}
	sawFull = runtime.MCFull()
	runtime.MCSpin(false)
	for i := 0; i < 300; i++ {
		runtime.MCPause(10)
		tick(z)
	}
	done <- true
}

var delay, round int
var m1, m2, sawFull bool
var loc int32
var passed bool
var fl, fl0 uint32
var flags int

func g0(done chan bool, block chan bool) {
	var z [64]int
	for cell.Load() == nil {
		tick(z)
	}
	for !runtime.MCPassed() {
		tick(z)
	}
	w := cell.Load()
	flags = runtime.MCFlags()
	fl0 = runtime.MCFlushed()
	m1 = runtime.MCMarked(uintptr(unsafe.Pointer(w)))
	other = w
	for i := 0; i < N; i++ {
		w.c[i] = nil
	}
	for i := 0; i < 600; i++ {
		filler[i%64] = dummy
	}
	m2 = runtime.MCMarked(uintptr(unsafe.Pointer(w)))
	loc = runtime.MCLocal()
	flag.Store(2)
	<-block
	done <- true
}

func main() {
	delay, _ = strconv.Atoi(os.Args[1])
	runtime.GOMAXPROCS(3)
	debug.SetGCPercent(-1)
	for round = 0; round < 2000; round++ {
		runtime.GC()
		build()
		flag.Store(0)
		cell.Store(nil)
		step1.Store(0)
		done, block := make(chan bool), make(chan bool)
		go g1(done)
		go g0(done, block)
		runtime.MCReset()
		runtime.MCSpin(true)
		runtime.GC()
		fmt.Println("round", round, "restarted", runtime.MCRestarted(), "marked before", m1, "after", m2, "local", loc, "full", sawFull, "passed", passed, "flushed", fl, fl0, "flags", flags)
		close(block)
		<-done
		<-done
	}
}
