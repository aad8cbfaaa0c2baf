package segment

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// Validate checks what a call needs besides well-formed fields: somebody it is about.
func (c *Call) Validate() error {
	switch {
	case c.UserID != "":
		return nil
	case c.Type == Alias:
		return &Error{IDRequired, "userId", "an alias call needs a userId"}
	case c.AnonymousID != "":
		return nil
	default:
		return &Error{NoUserAnonID, "userId", "a call needs a userId or an anonymousId"}
	}
}

// typeOf returns the type of that name. It outlives the text.
func typeOf(text string) (t Type, known bool) {
	switch text {
	case "identify":
		return Identify, true
	case "track":
		return Track, true
	case "page":
		return Page, true
	case "screen":
		return Screen, true
	case "group":
		return Group, true
	case "alias":
		return Alias, true
	case "delete":
		return Delete, true
	}
	return "", false
}

// decodeType compares without regard to case, as older clients send `Track`.
func decodeType(v jsontree.Value) (Type, error) {
	t, known := typeOf(v.Text())
	if !known {
		t, known = typeOf(strings.ToLower(v.Text()))
	}
	if !known {
		return "", &Error{UnsupportedType, "type",
			"must be one of identify, track, page, screen, group, alias, delete"}
	}
	return t, nil
}

func (c *Call) decodeIDs(f *fields) (err error) {
	if c.UserID, err = decodeID("userId", f.value(f.userID)); err != nil {
		return err
	}
	if c.AnonymousID, err = decodeID("anonymousId", f.value(f.anonymousID)); err != nil {
		return err
	}
	switch c.Type {
	case Alias:
		c.PreviousID, err = decodeID("previousId", f.value(f.previousID))
	case Group:
		c.GroupID, err = decodeID("groupId", f.value(f.groupID))
	}
	return err
}

// decodeID takes strings and numbers. Server SDKs of typed languages send the database's number.
func decodeID(field string, v jsontree.Value) (string, error) {
	switch v.Kind() {
	case jsontree.Null:
		return "", nil
	case jsontree.String:
		return v.Text(), nil
	case jsontree.Number:
		return v.Literal(), nil
	default:
		return "", &Error{IDNotString, field, "must be a string or a number"}
	}
}

// decodeOwn reads the members that belong to the call's type; those of other types are not looked at.
func (c *Call) decodeOwn(f *fields) (err error) {
	switch c.Type {
	case Identify, Group, Alias:
		c.Traits, err = decodeObject("traits", f.value(f.traits), TraitsNotObject)
	case Track:
		if c.Event, err = decodeEvent(f.value(f.event)); err != nil {
			return err
		}
		c.Properties, err = decodeObject("properties", f.value(f.properties), PropertiesNotObject)
	case Page, Screen:
		if c.Name, err = decodeText("name", f.value(f.name), NameNotString); err != nil {
			return err
		}
		if c.Category, err = decodeText("category", f.value(f.category), CategoryNotString); err != nil {
			return err
		}
		c.Properties, err = decodeObject("properties", f.value(f.properties), PropertiesNotObject)
	}
	return err
}

func decodeEvent(v jsontree.Value) (string, error) {
	switch v.Kind() {
	case jsontree.String:
		if name := v.Text(); strings.TrimSpace(name) != "" {
			return name, nil
		}
		return "", &Error{EventNotDefined, "event", "must not be blank"}
	case jsontree.Null:
		return "", &Error{EventNotDefined, "event", "a track call needs an event name"}
	default:
		return "", &Error{EventNotString, "event", "must be a string"}
	}
}

func decodeText(field string, v jsontree.Value, reason Reason) (string, error) {
	switch v.Kind() {
	case jsontree.String:
		return v.Text(), nil
	case jsontree.Null:
		return "", nil
	default:
		return "", &Error{reason, field, "must be a string"}
	}
}

func decodeObject(field string, v jsontree.Value, reason Reason) (jsontree.Value, error) {
	switch v.Kind() {
	case jsontree.Object:
		return v, nil
	case jsontree.Null:
		return jsontree.Value{}, nil
	default:
		return jsontree.Value{}, &Error{reason, field, "must be an object"}
	}
}
