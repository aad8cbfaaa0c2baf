package jsontree

import "iter"

// Kind is the kind of a JSON value. An absent value has the kind Null: to both services the two mean the same.
type Kind uint8

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
	t  *tree
	at uint32
}

// Ref names a value inside its document: 0 for an absent one, and for the document's root. To keep many values of one
// document as refs costs the garbage collector nothing, unlike values, which hold a pointer each.
type Ref uint32

// Ref is the value's name.
func (v Value) Ref() Ref { return Ref(v.at) }

// Resolve is the value of that name in v's document; absent for 0.
func (v Value) Resolve(r Ref) Value {
	if r == 0 {
		return Value{}
	}
	return Value{v.t, uint32(r)}
}

// Kind tells what the value is.
func (v Value) Kind() Kind {
	if v.t == nil {
		return Null
	}
	return v.t.nodes[v.at].kind
}

// Text returns a string's content, unescaped; "" for any other kind.
func (v Value) Text() string {
	if v.Kind() != String {
		return ""
	}
	return v.literal()
}

// Plain tells that a string stands in JSON as its text is, and so does every part of the text that ends between two
// characters.
func (v Value) Plain() bool { return v.Kind() == String && v.t.nodes[v.at].textMarks == 0 }

// Quoted returns a plain string as it stands in the document, with its quotes; "" for anything else.
func (v Value) Quoted() string {
	if !v.Plain() {
		return ""
	}
	text := v.t.nodes[v.at].text
	return v.t.text[text.start-1 : text.end+1]
}

// UTF8 tells whether all texts and names of the value are UTF-8, its own name included.
func (v Value) UTF8() bool {
	if v.t == nil {
		return true
	}
	nodes := v.t.nodes[v.at:v.t.nodes[v.at].next]
	for i := range nodes {
		if (nodes[i].nameMarks|nodes[i].textMarks)&broken != 0 {
			return false
		}
	}
	return true
}

// Literal returns a number, true or false as it stands in the document; "" for any other kind.
func (v Value) Literal() string {
	if kind := v.Kind(); kind != Number && kind != Bool {
		return ""
	}
	return v.literal()
}

func (v Value) literal() string { return v.t.of(v.t.nodes[v.at].text) }

// True tells whether the value is the boolean true.
func (v Value) True() bool { return v.Kind() == Bool && v.literal() == "true" }

// False tells whether the value is the boolean false.
func (v Value) False() bool { return v.Kind() == Bool && v.literal() == "false" }

// Get returns a member of an object; absent if there is none or v is no object. Of members with equal names it is
// the first.
func (v Value) Get(name string) Value {
	if v.Kind() != Object {
		return Value{}
	}
	for at, end := v.within(); at < end; {
		n := &v.t.nodes[at]
		if v.t.of(n.name) == name {
			return Value{v.t, at}
		}
		at = n.next
	}
	return Value{}
}

// Len counts the members of an object or the elements of an array; 0 for other kinds.
func (v Value) Len() int {
	if v.Kind() < Array {
		return 0
	}
	return int(v.t.nodes[v.at].count)
}

// Members walks an object in the order of the document; an empty walk for other kinds.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for at, end := v.within(); at < end; {
			n := &v.t.nodes[at]
			if !yield(v.t.of(n.name), Value{v.t, at}) {
				return
			}
			at = n.next
		}
	}
}

// Elements walks an array; an empty walk for other kinds.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v.Kind() != Array {
			return
		}
		i := 0
		for at, end := v.within(); at < end; i++ {
			if !yield(i, Value{v.t, at}) {
				return
			}
			at = v.t.nodes[at].next
		}
	}
}

// within is where the members of an object or the elements of an array begin, and where they are over.
func (v Value) within() (first, end uint32) { return v.at + 1, v.t.nodes[v.at].next }
