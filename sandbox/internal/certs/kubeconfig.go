// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// ContextName is the name of the one context in the kubeconfig files.
const ContextName = "sandbox"

// AuthInfo signs in with the pair as a client certificate.
func (p Pair) AuthInfo() *api.AuthInfo {
	return &api.AuthInfo{ClientCertificateData: p.Cert, ClientKeyData: p.Key}
}

// WriteKubeconfig writes a kubeconfig file for server, where user signs in by
// what auth says.
func WriteKubeconfig(file, server, user string, ca []byte, auth *api.AuthInfo) error {
	config := api.NewConfig()
	config.Clusters[ContextName] = &api.Cluster{Server: server, CertificateAuthorityData: ca}
	config.AuthInfos[user] = auth
	config.Contexts[ContextName] = &api.Context{Cluster: ContextName, AuthInfo: user}
	config.CurrentContext = ContextName
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		return fmt.Errorf("write the kubeconfig file %s: %w", file, err)
	}
	return nil
}
