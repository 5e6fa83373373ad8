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

// WriteKubeconfig writes a kubeconfig file for server that signs in with a
// client certificate.
func WriteKubeconfig(file, server, user string, ca []byte, client Pair) error {
	config := api.NewConfig()
	config.Clusters[ContextName] = &api.Cluster{Server: server, CertificateAuthorityData: ca}
	config.AuthInfos[user] = &api.AuthInfo{
		ClientCertificateData: client.Cert,
		ClientKeyData:         client.Key,
	}
	config.Contexts[ContextName] = &api.Context{Cluster: ContextName, AuthInfo: user}
	config.CurrentContext = ContextName
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		return fmt.Errorf("write the kubeconfig file %s: %w", file, err)
	}
	return nil
}
