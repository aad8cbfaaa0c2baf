package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const readme = root + "/README.md"

func readReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	return string(text)
}

// lint looks into the YAML blocks of Markdown files; it has nothing to say about a file that has none.
func TestYAMLInTheReadmeLints(t *testing.T) {
	require.Regexp(t, "(?m)^```ya?ml$", readReadme(t), "the README shows no configuration")
	code, text := cli(t, "lint", readme)
	assert.Zero(t, code, text)
}

// componentRow is a row of the README's component table, such as: | `segment_parse` | processor | splits and checks |
var componentRow = regexp.MustCompile("(?m)^\\| *`([a-z_]+)(?:\\(\\))?` *\\| *(input|processor|output|scanner|cache|rate_limit|Bloblang method) *\\|")

func TestComponentTableInTheReadmeIsWhatIsRegistered(t *testing.T) {
	inReadme := []string{}
	for _, row := range componentRow.FindAllStringSubmatch(readReadme(t), -1) {
		inReadme = append(inReadme, row[2]+" "+row[1])
	}
	inBinary := []string{}
	for _, c := range registered() {
		inBinary = append(inBinary, c.kind+" "+c.name)
	}
	for _, m := range methods() {
		inBinary = append(inBinary, "Bloblang method "+m)
	}
	assert.ElementsMatch(t, inBinary, inReadme)
}

var exampleName = regexp.MustCompile(`config-examples/([a-z_]+\.yaml)`)

func TestTheReadmeNamesEveryExampleAndNoOther(t *testing.T) {
	named := map[string]bool{}
	for _, m := range exampleName.FindAllStringSubmatch(readReadme(t), -1) {
		assert.FileExists(t, filepath.Join(examples, m[1]))
		named[m[1]] = true
	}
	for _, path := range exampleConfigs(t) {
		assert.True(t, named[filepath.Base(path)], "%s is not in the README", filepath.Base(path))
	}
}
