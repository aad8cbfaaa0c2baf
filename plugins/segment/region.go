package segment

// The regions of a workspace. A write key is good in one of them.
// https://segment.com/docs/guides/regional-segment/
const (
	RegionUS  = "us"
	RegionEU1 = "eu1"
)

var regions = map[string]string{
	RegionUS:  "https://api.segment.io",
	RegionEU1: "https://events.eu1.segmentapis.com",
}

// RegionURL is the address of a region's Tracking API, without the version that begins its paths.
func RegionURL(region string) (string, bool) {
	address, known := regions[region]
	return address, known
}

// Regions lists the regions, the default first.
func Regions() []string { return []string{RegionUS, RegionEU1} }
