package segmentgen

import (
	"fmt"
	"strconv"
	"strings"
)

// Mix is the weight of each kind of call; only proportions count.
type Mix struct {
	Identify, Track, Order, Page, Screen, Alias, Group, Delete int
}

// DemoMix shows everything the bridge handles.
var DemoMix = Mix{Identify: 22, Track: 40, Order: 8, Page: 14, Screen: 7, Alias: 3, Group: 4, Delete: 2}

// SpeedMix is the traffic of a busy shop, for benchmarks; they use it with a Size of 1,500.
var SpeedMix = Mix{Identify: 15, Track: 60, Order: 10, Page: 8, Screen: 5, Alias: 2}

// builder invents one call.
type builder func(*Generator, *person) call

// ParseMix reads weights such as "track=60,order=10,identify=15". Kinds that are not named do not occur.
func ParseMix(text string) (Mix, error) {
	var m Mix
	for part := range strings.SplitSeq(text, ",") {
		kind, number, _ := strings.Cut(strings.TrimSpace(part), "=")
		weight, err := strconv.Atoi(number)
		if err != nil || weight < 0 {
			return Mix{}, fmt.Errorf("the weight of %q is no number of at least 0", kind)
		}
		into := m.weight(kind)
		if into == nil {
			return Mix{}, fmt.Errorf("there is no kind of call %q", kind)
		}
		*into = weight
	}
	if m == (Mix{}) {
		return Mix{}, fmt.Errorf("no kind of call has a weight")
	}
	return m, nil
}

func (m *Mix) weight(kind string) *int {
	return map[string]*int{
		"identify": &m.Identify, "track": &m.Track, "order": &m.Order, "page": &m.Page, "screen": &m.Screen,
		"alias": &m.Alias, "group": &m.Group, "delete": &m.Delete,
	}[kind]
}

// wheel lists every builder as often as it weighs.
func (m Mix) wheel() []builder {
	var wheel []builder
	for _, k := range []struct {
		weight int
		build  builder
	}{
		{m.Identify, (*Generator).identify},
		{m.Track, (*Generator).track},
		{m.Order, (*Generator).order},
		{m.Page, (*Generator).page},
		{m.Screen, (*Generator).screen},
		{m.Alias, (*Generator).alias},
		{m.Group, (*Generator).group},
		{m.Delete, (*Generator).erase},
	} {
		for range k.weight {
			wheel = append(wheel, k.build)
		}
	}
	return wheel
}
