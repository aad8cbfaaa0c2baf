// Package sandbox puts the stand-ins for CleverTap and Segment and a web page that shows what arrives behind one
// http.Handler, for development, demos and tests. Nothing is loaded from elsewhere and nothing is kept after the process
// ends.
//
// Segment's Tracking API answers below /v1/, CleverTap's API at its own paths (/1/..., /getSchema), the page at /, its
// data below /sandbox/.
//
// There is no promise of compatibility before v1.
package sandbox
