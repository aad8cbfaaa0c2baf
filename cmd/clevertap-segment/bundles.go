package main

// What a default binary can talk to besides Segment and CleverTap. Each of these packages, with everything it
// imports, is under MIT or Apache-2.0; `make licences` checks it.
import (
	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure/extended"
	_ "github.com/redpanda-data/connect/v4/public/components/nats"
	_ "github.com/redpanda-data/connect/v4/public/components/prometheus"
	_ "github.com/redpanda-data/connect/v4/public/components/redis"

	_ "github.com/clevertap-segment/clevertap-segment/plugins"
)
