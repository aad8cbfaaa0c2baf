// Package segment knows Segment's calls: how they look on the wire, what makes one valid, and what its times mean.
//
// A Parser reads one call, a {"batch":[…]} envelope or a JSON array of calls, and hands out Calls. It keeps every digit
// of a number, tolerates unknown fields and never panics. Calls point into the Parser's memory: they are valid until its
// next Parse.
//
// The spec: https://segment.com/docs/connections/spec/. There is no promise of compatibility before v1.
package segment
