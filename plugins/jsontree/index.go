package jsontree

// Index finds the members of an object. Of members with equal names it finds the first.
type Index struct {
	object Value
	// byName is for objects with many members, where looking at each would cost the square of their number.
	byName map[string]Value
}

// manyMembers is how many it takes for a map to be faster.
const manyMembers = 32

// NewIndex makes an index of the members of an object.
func NewIndex(object Value) Index {
	x := Index{object: object}
	if object.Len() < manyMembers {
		return x
	}
	x.byName = make(map[string]Value, object.Len())
	for name, member := range object.Members() {
		if _, present := x.byName[name]; !present {
			x.byName[name] = member
		}
	}
	return x
}

// Get returns the member of that name; absent if there is none.
func (x Index) Get(name string) Value {
	if x.byName == nil {
		return x.object.Get(name)
	}
	return x.byName[name]
}
