// How long does it take to stop the world while a goroutine is in a system call and the collector scans its stack?
// See ../stop-the-world.md. Usage: stoptheworld SECONDS DEPTH
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// deep calls f at the end of a stack with n more frames.
//
//go:noinline
func deep(n int, f func()) int {
	x := new(int)
	if *x = n; n == 0 {
		f()
	} else {
		*x += deep(n-1, f)
	}
	return *x
}

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	runtime.GOMAXPROCS(4)
	limit, depth := time.Duration(number(1))*time.Second, number(2)
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	go deep(depth, func() {
		for b := make([]byte, 1); ; {
			syscall.Read(pipe[0], b) // until main writes
		}
	})
	go func() {
		for {
			runtime.GC()
		}
	}()

	begin, stops, worst, seed := time.Now(), 0, time.Duration(0), uint32(1)
	var stats runtime.MemStats
	for time.Since(begin) < limit {
		before := time.Now()
		runtime.ReadMemStats(&stats) // stops the world
		took := time.Since(before)
		stops++
		worst = max(worst, took)
		if took > time.Second {
			fmt.Printf("stop %d took %v\n", stops, took.Round(time.Millisecond))
		}
		syscall.Write(pipe[1], []byte{1})
		seed = seed*1664525 + 1013904223
		for pause := time.Now(); time.Since(pause) < time.Duration(seed>>16)*3/2; {
		}
	}
	fmt.Printf("%d stops, the longest %v\n", stops, worst.Round(time.Millisecond))
}
