//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// onHangUp has a process end after SIGHUP as after SIGTERM, which commands know how to obey, where Go would end it at
// once. A process whose parent ignores the signal, as nohup does, ignores it too. Before it stops, stopping is called.
func onHangUp(stopping func()) {
	if signal.Ignored(syscall.SIGHUP) {
		return
	}
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGHUP)
	go func() {
		<-received // the first one: a second would cut shutdown_delay short
		// The program that reads the log may have ended with the terminal. A line for it must not end this process.
		signal.Ignore(syscall.SIGPIPE)
		stopping()
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
	}()
}

// keepFilesPrivate has all files, directories and Unix sockets that are created from now on be for the owner only: dead
// letters, identities and checkpoints hold personal data, and the engine creates them for everybody.
func keepFilesPrivate() {
	const othersMayNothing = 0o077
	before := syscall.Umask(othersMayNothing)
	syscall.Umask(before | othersMayNothing)
}
