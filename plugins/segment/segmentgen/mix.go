package segmentgen

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
