// Package transport holds what the clients of both services need to know about HTTP: why there was no answer, in words
// fit for an error text, how long a server asks to wait, and what the standard log may say. It sends nothing.
//
// There is no promise of compatibility before v1.
package transport
