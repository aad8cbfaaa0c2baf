// Package clevertap speaks CleverTap's server API: regions, limits, record types, uploads, deletes, exports, and the
// errors that come back. It knows nothing of Segment, of pipelines or of YAML.
//
// Sub-package clevertaptest is a stand-in for the service with the same limits and the same odd replies.
//
// There is no promise of compatibility before v1.
package clevertap
