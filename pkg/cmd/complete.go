// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completionTimeout bounds what a completion may cost when the server does not
// answer: with the start of the program and its end it is a second.
const completionTimeout = 850 * time.Millisecond

// offerNothing is for a word of which nothing is known; least of all is it the name
// of a file.
const offerNothing = cobra.ShellCompDirectiveNoFileComp

// source finds what there is to offer for the word that is being typed.
type source func(ctx context.Context, word string) ([]cobra.Completion, error)

// completeConnection adds what kubectl's connection flags complete, and says that
// where nothing is known nothing is offered.
func (s *suite) completeConnection(root *cobra.Command) {
	root.CompletionOptions.DisableDefaultCmd = true
	root.CompletionOptions.SetDefaultShellCompDirective(offerNothing)
	for flag, names := range map[string]source{
		"context": s.contexts, "cluster": s.clusters, "user": s.users,
		"namespace": s.namespaces, "journal-namespace": s.namespaces,
	} {
		s.completeFlag(root, flag, names)
	}
	completeWith(root, "color", "auto", "always", "never")
	completeFiles(root, "kubeconfig", "certificate-authority", "client-certificate", "client-key")
	_ = root.MarkPersistentFlagDirname("cache-dir")
}

// completeFlag completes the values of a flag from a source; one that may be given
// several times is not offered what it has.
func (s *suite) completeFlag(cmd *cobra.Command, flag string, names source) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var given []string
		if list, several := cmd.Flag(flag).Value.(pflag.SliceValue); several {
			given = list.GetSlice()
		}
		return s.offer(cmd, given, word, names)
	})
}

// completeArgs completes the arguments of a subcommand, at most so many; -1 means
// any number.
func (s *suite) completeArgs(most int, names source) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if most >= 0 && len(args) >= most {
			return nil, offerNothing
		}
		return s.offer(cmd, args, word, names)
	}
}

// offer asks a source, and gives it up in time whatever it is held by: a server
// that accepts and says nothing, a credential plugin that hangs, a kubeconfig on a
// disk that does not answer. It is silent when it can't.
func (s *suite) offer(cmd *cobra.Command, given []string, word string, names source) ([]cobra.Completion, cobra.ShellCompDirective) {
	s.conn.unattended = true
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
	defer cancel()
	found := make(chan []cobra.Completion, 1)
	go func() {
		all, err := names(ctx, word)
		if err != nil {
			all = nil
		}
		found <- all
	}()
	select {
	case <-ctx.Done():
		return nil, offerNothing
	case all := <-found:
		return fitting(all, given, word), offerNothing
	}
}

// fitting keeps what continues the word and was not given yet.
func fitting(all []cobra.Completion, given []string, word string) []cobra.Completion {
	var kept []cobra.Completion
	for _, candidate := range all {
		name, _, _ := strings.Cut(candidate, "\t")
		if strings.HasPrefix(name, word) && !slices.Contains(given, name) {
			kept = append(kept, candidate)
		}
	}
	return kept
}

// completeWith completes a flag that takes one of a few words.
func completeWith(cmd *cobra.Command, flag string, words ...cobra.Completion) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return fitting(words, nil, word), offerNothing
	})
}

// completeFiles completes flags that take the name of a file, of any kind.
func completeFiles(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault))
	}
}
