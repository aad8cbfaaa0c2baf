// Package mapping turns Segment calls into CleverTap records. It is pure: the same call gives the same bytes, without
// clock, network or randomness. It is total: whatever a call holds, the answer is records or an error.
//
// What becomes of a call:
//
//	identify   profile; with Link and both ids, the visitor's profile with the user's Identity
//	track      event of the same name; an order becomes Charged with Charged ID, Amount and Items
//	page       event PageEvent with the call's name and category
//	screen     event ScreenEvent, likewise
//	alias      profile of the old id with the new Identity
//	group      nothing, or a profile with group_ attributes
//	delete     a delete of the person
//	any        with context.device.token, also a token
//
// The rules live in one file each: whose record it is in identity.go, names in keys.go and snake.go, values in value.go,
// nested.go and standard.go, two names that meet in attributes.go, limits where they apply, through Mapper.exceed.
//
// There is no promise of compatibility before v1.
package mapping
