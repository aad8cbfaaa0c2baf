//go:build !unix

package main

// onHangUp does nothing where there is no SIGHUP. Go turns the closing of a window into SIGTERM on Windows.
func onHangUp(func()) {}

// keepFilesPrivate does nothing where files inherit the permissions of their directory.
func keepFilesPrivate() {}
