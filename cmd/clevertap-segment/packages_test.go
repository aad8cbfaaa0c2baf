package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/clevertap-segment/clevertap-segment"

// goPackage is what `go list -json` tells about one package.
type goPackage struct {
	ImportPath, Dir string
	Standard        bool
	Module          *struct{ Path, Dir string }
	GoFiles, CgoFiles, CFiles, HFiles, SFiles,
	EmbedFiles []string
}

func (p goPackage) files() []string {
	var all []string
	for _, files := range [][]string{p.GoFiles, p.CgoFiles, p.CFiles, p.HFiles, p.SFiles, p.EmbedFiles} {
		all = append(all, files...)
	}
	return all
}

// closure lists the packages that end up in the given ones, the standard library left out.
func closure(t *testing.T, packages ...string) []goPackage {
	t.Helper()
	var stderr bytes.Buffer
	list := exec.Command("go", append([]string{"list", "-deps", "-json"}, packages...)...)
	list.Stderr = &stderr
	out, err := list.Output()
	require.NoError(t, err, stderr.String())
	var all []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		if !p.Standard {
			all = append(all, p)
		}
	}
}

// The domain packages are useful without the engine, and stay so only if nothing of it leaks into them.
func TestDomainPackagesDoNotImportTheEngine(t *testing.T) {
	domain := []string{"jsontree", "segment", "clevertap", "mapping", "identitycache"}
	for _, pkg := range domain {
		for _, p := range closure(t, module+"/plugins/"+pkg+"/...") {
			assert.NotContains(t, p.ImportPath, "redpanda-data/", "imported by plugins/%s", pkg)
		}
	}
}

// Users who build their own binary choose what else goes into it.
func TestTheSingleImportBringsNoOtherComponents(t *testing.T) {
	for _, p := range closure(t, module+"/plugins") {
		assert.NotContains(t, p.ImportPath, "redpanda-data/connect/")
		assert.NotContains(t, p.ImportPath, "benthos/v4/public/components")
	}
}

var restrictive = regexp.MustCompile(`Redpanda Community License|Redpanda Enterprise`)

// headerBytes is where a licence header stands if there is one.
const headerBytes = 2048

func TestLicencesOfFilesInTheDefaultBinary(t *testing.T) {
	packages := closure(t, ".")
	files := 0
	for _, p := range packages {
		for _, name := range p.files() {
			files++
			path := filepath.Join(p.Dir, name)
			assert.False(t, restrictive.Match(header(t, path)), "%s is not free to use", path)
		}
	}
	t.Logf("%d packages, %d files: none under the Redpanda Community License", len(packages), files)
	assert.Greater(t, files, 1000, "the walk misses the engine")
}

func header(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	buf := make([]byte, headerBytes)
	n, err := io.ReadFull(file, buf)
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		require.NoError(t, err)
	}
	return buf[:n]
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|unlicense)`)

func TestLicencesOfModulesInTheDefaultBinaryArePresent(t *testing.T) {
	modules := map[string]string{}
	for _, p := range closure(t, ".") {
		modules[p.Module.Path] = p.Module.Dir
	}
	for path, dir := range modules {
		assert.True(t, hasLicence(t, dir), "%s has no licence", path)
	}
	t.Logf("%d modules, each with a licence", len(modules))
}

// hasLicence finds a licence file, or the whole text of the MIT licence in the README, where backo-go has it.
func hasLicence(t *testing.T, dir string) bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if licenceFile.MatchString(e.Name()) {
			return true
		}
	}
	text, _ := os.ReadFile(filepath.Join(dir, "README.md"))
	return strings.Contains(string(text), "Permission is hereby granted, free of charge") && strings.Contains(string(text), "MIT License")
}

// The check must see what it is for: the Kafka component has a file under that licence.
func TestLicenceCheckFindsTheKnownFile(t *testing.T) {
	var found []string
	for _, p := range closure(t, "-tags=kafka", ".") {
		for _, name := range p.files() {
			if restrictive.Match(header(t, filepath.Join(p.Dir, name))) {
				found = append(found, p.ImportPath)
			}
		}
	}
	assert.Contains(t, strings.Join(found, "\n"), "redpanda-data/connect")
}
