package segment

import (
	"iter"
	"unsafe"

	"github.com/valyala/fastjson"
)

// Kind is the kind of a JSON value. An absent value has the kind Null: to Segment the two mean the same.
type Kind int

// The kinds of JSON values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Value is a JSON value inside a parsed document. The zero Value is an absent one.
type Value struct {
	v *fastjson.Value
}

// Kind tells what the value is.
func (v Value) Kind() Kind {
	if v.v == nil {
		return Null
	}
	switch v.v.Type() {
	case fastjson.TypeObject:
		return Object
	case fastjson.TypeArray:
		return Array
	case fastjson.TypeString:
		return String
	case fastjson.TypeNumber:
		return Number
	case fastjson.TypeTrue, fastjson.TypeFalse:
		return Bool
	default:
		return Null
	}
}

// Text returns a string's content, unescaped; "" for any other kind.
func (v Value) Text() string {
	return view(v.v.GetStringBytes())
}

// True tells whether the value is the boolean true.
func (v Value) True() bool { return v.v.GetBool() }

// False tells whether the value is the boolean false.
func (v Value) False() bool { return v.v != nil && v.v.Type() == fastjson.TypeFalse }

// Get returns a member of an object; absent if there is none or v is no object. Of members with equal names it is
// the first.
func (v Value) Get(name string) Value {
	o := v.v.GetObject()
	if o == nil {
		return Value{}
	}
	return Value{o.Get(name)}
}

// Len counts the members of an object or the elements of an array; 0 for other kinds.
func (v Value) Len() int {
	if o := v.v.GetObject(); o != nil {
		return o.Len()
	}
	return len(v.v.GetArray())
}

// Members walks an object in the order of the document; an empty walk for other kinds.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		more := true
		v.v.GetObject().Visit(func(name []byte, member *fastjson.Value) {
			more = more && yield(view(name), Value{member})
		})
	}
}

// Elements walks an array; an empty walk for other kinds.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		for i, element := range v.v.GetArray() {
			if !yield(i, Value{element}) {
				return
			}
		}
	}
}

// view reads bytes of the parser's buffer as a string without copying them. The buffer does not change before the next
// Parse, and Values are not valid beyond it.
func view(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}
