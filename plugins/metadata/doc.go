// Package metadata holds what travels with a message beside its content: how far its sender is trusted. It knows neither
// the engine nor what components do with it.
//
// The level of trust stands in two places. The message's context holds it as a restriction: the engine puts a message's
// context back after every processor, and no mapping can take it away, but when a filter removes messages of a batch it
// may end up on a neighbour. The note, a value in the metadata, holds it as a permission: it stays with its own message,
// but a mapping can delete it. So the stricter of the two counts, and what has lost its note has lost its permissions.
//
// Neither survives a queue. Texts in metadata are never believed: anybody who can write to a queue can set them.
package metadata
