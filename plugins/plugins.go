// Package plugins registers every component of this module: import it for its side effect to build your own binary.
//
//	import (
//		"github.com/redpanda-data/benthos/v4/public/service"
//
//		_ "github.com/redpanda-data/benthos/v4/public/components/io"
//		_ "github.com/redpanda-data/benthos/v4/public/components/pure"
//		_ "github.com/clevertap-segment/clevertap-segment/plugins"
//	)
//
// It brings nothing else: what your binary can read from and write to besides is your choice. The packages below this
// one are what the components are made of; they are usable by themselves.
package plugins

import (
	_ "github.com/clevertap-segment/clevertap-segment/inputs"
	_ "github.com/clevertap-segment/clevertap-segment/outputs"
	_ "github.com/clevertap-segment/clevertap-segment/plugins/bloblang"
	_ "github.com/clevertap-segment/clevertap-segment/processors"
)
