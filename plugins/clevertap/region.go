package clevertap

import "sort"

// DefaultRegion is where most accounts live.
const DefaultRegion = "eu1"

// regions holds the base URL of the API by region code; Europe, the default, has no prefix. An account lives in exactly one region; another region answers 401.
// https://developer.clevertap.com/docs/common-api-components; sk1 is the default of Segment's own
// "CleverTap (Actions)" destination and stands in no table.
var regions = map[string]string{
	"eu1":  "https://api.clevertap.com",
	"in1":  "https://in1.api.clevertap.com",
	"sg1":  "https://sg1.api.clevertap.com",
	"us1":  "https://us1.api.clevertap.com",
	"aps3": "https://aps3.api.clevertap.com",
	"mec1": "https://mec1.api.clevertap.com",
	"sk1":  "https://sk1.api.clevertap.com",
}

// RegionURL returns the base URL of a region, such as https://in1.api.clevertap.com; false for an unknown code.
func RegionURL(region string) (string, bool) {
	u, ok := regions[region]
	return u, ok
}

// Regions lists the region codes, sorted.
func Regions() []string {
	codes := make([]string, 0, len(regions))
	for code := range regions {
		codes = append(codes, code)
	}
	sort.Strings(codes)
	return codes
}
