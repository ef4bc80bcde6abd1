package main

import "unsafe"

// Holder2 begins like a Node with no next.
type Holder2 struct {
	next *Node
	pad  [126]*Node
	w    *W
}

func ptr(n *Node) unsafe.Pointer { return unsafe.Pointer(n) }

var targets []*T

func build() {
	if targets == nil {
		for i := 0; i < 1<<20; i++ {
			targets = append(targets, new(T))
		}
	}
	w := new(W)
	r := uint32(1)
	for i := 0; i < N; i++ {
		b := new(Big)
		for j := range b.p {
			r = r*1664525 + 1013904223
			b.p[j] = targets[r>>12]
		}
		w.c[i] = b
	}
	h := &Holder2{w: w}
	l := list(60000, (*Node)(unsafe.Pointer(h)))
	last := &Node{}
	last.pad[0] = l
	K = list(60000, last)
}
