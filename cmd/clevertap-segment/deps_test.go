package main

import (
	_ "github.com/nyaruka/phonenumbers"
	_ "github.com/stretchr/testify/require"
	_ "github.com/valyala/fastjson"
	_ "go.uber.org/goleak"
	_ "pgregory.net/rapid"
)
