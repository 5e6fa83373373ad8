// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cmd"
)

// Commands are those of the plugin.
type Commands struct {
	root *cobra.Command
}

// NewCommands returns the commands as they are.
func NewCommands() (*Commands, error) {
	root, err := cmd.NewTree()
	if err != nil {
		return nil, err
	}
	root.InitDefaultHelpCmd()
	return &Commands{root: root}, nil
}

// Check says what is wrong with the arguments of a call: an unknown
// subcommand or flag, a value that the flag does not take, too many or too few
// arguments. Nothing is carried out.
func (c *Commands) Check(words []string) error {
	words = slices.DeleteFunc(slices.Clone(words), func(word string) bool { return optional.MatchString(word) })
	command, rest, err := c.root.Find(words)
	if err != nil {
		return err
	}
	command.InitDefaultHelpFlag()
	defer command.Flags().VisitAll(func(f *pflag.Flag) { f.Changed = false })
	if err := command.ParseFlags(fill(command, rest)); err != nil {
		return fmt.Errorf("%s: %w", command.CommandPath(), err)
	}
	if err := command.ValidateArgs(command.Flags().Args()); err != nil {
		return fmt.Errorf("%s: %w", command.CommandPath(), err)
	}
	if err := command.ValidateRequiredFlags(); err != nil {
		return fmt.Errorf("%s: %w", command.CommandPath(), err)
	}
	return command.ValidateFlagGroups()
}

// CheckMention is Check for a call in a sentence, which may leave away the
// name of the plugin and stop behind a flag, and the arguments with it.
func (c *Commands) CheckMention(words []string) error {
	err := c.Check(words)
	if err == nil || !strings.HasPrefix(words[len(words)-1], "-") {
		return err
	}
	if strings.Contains(err.Error(), "flag needs an argument") {
		words = words[:len(words)-1]
		err = c.Check(words)
	}
	if err != nil && c.Check(append(slices.Clone(words), "POOL")) == nil {
		return nil
	}
	return err
}

// optional is what a synopsis says may be given: [FILE], [CODE...].
var optional = regexp.MustCompile(`^\[.*\]$`)

// placeholder is what stands for a value: POOL, $pool, 15m….
var placeholder = regexp.MustCompile(`^[A-Z][A-Z0-9_/-]*$|^[$\[]|…`)

// fill replaces placeholders where a flag wants more than text.
func fill(command *cobra.Command, words []string) []string {
	filled := slices.Clone(words)
	for i, word := range filled {
		name, value, hasValue := strings.Cut(word, "=")
		flag := lookup(command, name)
		if flag == nil || strings.HasPrefix(flag.Value.Type(), "string") {
			continue
		}
		switch {
		case hasValue && placeholder.MatchString(value):
			filled[i] = name + "=" + flag.DefValue
		case !hasValue && flag.NoOptDefVal == "" && i+1 < len(filled) && placeholder.MatchString(filled[i+1]):
			filled[i+1] = flag.DefValue
		}
	}
	return filled
}

func lookup(command *cobra.Command, word string) *pflag.Flag {
	if name, isLong := strings.CutPrefix(word, "--"); isLong {
		return command.Flag(name)
	}
	return nil
}

// has reports whether a name is that of a subcommand.
func (c *Commands) has(name string) bool {
	return slices.ContainsFunc(c.root.Commands(), func(sub *cobra.Command) bool { return sub.Name() == name })
}

// Examples are the examples in the help, by the path of the command.
func (c *Commands) Examples() map[string]string {
	examples := map[string]string{}
	collect(c.root, examples)
	return examples
}

func collect(command *cobra.Command, examples map[string]string) {
	examples[command.CommandPath()] = command.Example
	for _, sub := range command.Commands() {
		collect(sub, examples)
	}
}
