// Package sandbox puts the stand-in for CleverTap and a web page that shows what arrives behind one http.Handler, for
// development, demos and tests. Nothing is loaded from elsewhere and nothing is kept after the process ends.
//
// CleverTap's API answers at its own paths (/1/...), the page at /, its data below /sandbox/.
//
// There is no promise of compatibility before v1.
package sandbox
