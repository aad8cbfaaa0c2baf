package fields

import (
	"fmt"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// Option is one value of a field that takes a few words, with a sentence on what it means.
type Option struct {
	Word, Meaning string
}

// OptionalEnum is Enum for a field whose default depends on another one: empty text stands for that default, as in the
// configs that the engine's create command prints.
func OptionalEnum(name string, options []Option) *service.ConfigField {
	return enum(name, options, `this.string() == "" || `).Optional()
}

// Enum returns a field that takes one of the options, exactly as written. The engine's own lint rule for such fields
// takes any case, and its parser none but the right one.
func Enum(name string, options []Option) *service.ConfigField {
	return enum(name, options, "")
}

func enum(name string, options []Option, also string) *service.ConfigField {
	meanings := make(map[string]string, len(options))
	quoted := make([]string, len(options))
	for i, option := range options {
		meanings[option.Word] = option.Meaning
		quoted[i] = fmt.Sprintf("%q", option.Word)
	}
	return service.NewStringAnnotatedEnumField(name, meanings).LintRule(fmt.Sprintf(
		`root = if !(%s[%s].contains(this.string())) { ["%s must be one of %s"] }`,
		also, strings.Join(quoted, ", "), name, words(options)))
}

// EnumFromParsed reads a field of Enum's.
func EnumFromParsed(conf *service.ParsedConfig, name string, options []Option) (string, error) {
	word, err := conf.FieldString(name)
	if err != nil {
		return "", err
	}
	for _, option := range options {
		if option.Word == word {
			return word, nil
		}
	}
	return "", fmt.Errorf("%s must be one of %s", name, words(options))
}

func words(options []Option) string {
	list := make([]string, len(options))
	for i, option := range options {
		list[i] = option.Word
	}
	return strings.Join(list, ", ")
}
