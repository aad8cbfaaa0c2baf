// Package fields holds the config fields that several components share, and reads them into plain structs, so that
// nothing below it has to know the engine's configs. It holds no logic.
package fields
