package segment

// Routes maps what follows /v1/ in the Tracking API to the type of the calls there; "" stands for a batch of any. The
// long names are documented, the others are what the SDKs call: browsers the one-letter names, phones `b`, Java, Ruby
// and older Android SDKs `import`.
// https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
// https://github.com/segmentio/analytics-next, https://github.com/segmentio/analytics-kotlin
var Routes = map[string]Type{
	"batch": "", "import": "", "b": "",
	"identify": Identify, "i": Identify,
	"track": Track, "t": Track,
	"page": Page, "p": Page,
	"screen": Screen, "s": Screen,
	"group": Group, "g": Group,
	"alias": Alias, "a": Alias,
}
