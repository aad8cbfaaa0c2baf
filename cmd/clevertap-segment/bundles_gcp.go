//go:build gcp

package main

import _ "github.com/redpanda-data/connect/v4/public/components/gcp"
