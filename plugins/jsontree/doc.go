// Package jsontree reads JSON documents of any shape, for programs that take some members out of each and pass the rest on.
//
// A Parser reads a document in one pass into a flat list of nodes, and hands out Values that point into its memory: they
// are valid until its next Parse. It keeps every digit of a number and the order of all members, takes what encoding/json
// takes down to MaxDepth, and never panics.
//
// There is no promise of compatibility before v1.
package jsontree
