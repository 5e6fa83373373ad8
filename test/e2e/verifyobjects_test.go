// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

func storageFaults() []fault {
	const claim = "testdata/verify-claim.yaml"
	return []fault{
		{
			name: "a claim is not bound", want: []string{"VU-541 persistentvolumeclaim/extra/unbound"},
			do: []string{"apply -f " + claim}, undo: []string{"delete -f " + claim},
		},
		{
			name: "a volume cannot be attached", want: []string{"VU-542 volumeattachment/extra"},
			do: []string{
				"apply -f testdata/verify-attachment.yaml",
				patchedStatus("volumeattachment extra", `{"status":{"attached":false,"attachError":{"time":"2026-01-01T00:00:00Z","message":"the disk is attached elsewhere"}}}`),
			},
			undo: []string{"delete -f testdata/verify-attachment.yaml"},
		},
		{
			name: "a volume is in another zone than its pod", want: []string{"VU-406 pod/shared/influxdb-0"}, follows: []string{"VU-562", "VU-407"},
			do:   []string{"label pv pvc-00000000-0000-4000-8000-000000000004 topology.kubernetes.io/zone=japaneast-2"},
			undo: []string{"label pv pvc-00000000-0000-4000-8000-000000000004 topology.kubernetes.io/zone-"},
		},
		{
			name: "the last backup failed", want: []string{"VU-544 cronjob/app/mongobackup"},
			do: []string{
				"create job -n app failing --from=cronjob/mongobackup",
				patched("-n app job failing", `{"spec":{"activeDeadlineSeconds":1}}`),
				"wait -n app --for=condition=Failed job/failing --timeout=60s",
			},
			undo: []string{"delete job -n app failing"},
		},
		{
			name: "the last backup is old", want: []string{"VU-545 cronjob/app/mongobackup"},
			// The jobs of the layout have succeeded just now.
			do:   []string{"delete jobs -n app --all", patchedStatus("-n app cronjob mongobackup", `{"status":{"lastSuccessfulTime":"2010-01-01T00:00:00Z"}}`)},
			undo: []string{patchedStatus("-n app cronjob mongobackup", `{"status":{"lastSuccessfulTime":null}}`)},
		},
	}
}

func networkFaults() []fault {
	return []fault{
		{
			name: "a Service lost its endpoints", want: []string{"VU-543 service/extra/extra"}, follows: []string{"VU-551"},
			do:   []string{patched("-n extra service extra", `{"spec":{"selector":{"app":"nobody"}}}`)},
			undo: []string{patched("-n extra service extra", `{"spec":{"selector":{"app":"extra"}}}`)},
		},
		{
			name: "nobody answers for a webhook", want: []string{"VU-551 validatingwebhookconfiguration/extra"}, follows: []string{"VU-562"},
			do:   []string{`patch validatingwebhookconfiguration extra --type=json -p '[{"op":"replace","path":"/webhooks/0/clientConfig/service/name","value":"nobody"}]'`},
			undo: []string{`patch validatingwebhookconfiguration extra --type=json -p '[{"op":"replace","path":"/webhooks/0/clientConfig/service/name","value":"extra"}]'`},
		},
		{
			name: "an aggregated API is down", want: []string{"VU-552 apiservice/v1.extra.example.com"},
			do: []string{"apply -f testdata/verify-apiservice.yaml"}, undo: []string{"delete -f testdata/verify-apiservice.yaml"},
		},
		{
			name: "a page is down", want: []string{"VU-572 page/ide"}, args: []string{"--http", "ide=http://127.0.0.1:1/"},
		},
	}
}

func objectFaults() []fault {
	return []fault{
		{
			name: "a budget is gone", want: []string{"VU-561 poddisruptionbudget/extra/extra"},
			do: []string{"delete -n extra pdb/extra"}, undo: []string{"apply -f testdata/verify.yaml"},
		},
		{
			name: "a budget asks for more", want: []string{"VU-562 poddisruptionbudget/extra/extra"},
			do: []string{patched("-n extra pdb extra", `{"spec":{"minAvailable":2}}`)}, undo: []string{patched("-n extra pdb extra", `{"spec":{"minAvailable":1}}`)},
		},
		{
			name: "another storage class is the default", want: []string{"VU-562 storageclass/extra"},
			do:   []string{"annotate storageclass extra storageclass.kubernetes.io/is-default-class=true"},
			undo: []string{"annotate storageclass extra storageclass.kubernetes.io/is-default-class-"},
		},
		{
			name: "a CronJob is suspended", want: []string{"VU-562 cronjob/extra/extra"},
			do: []string{patched("-n extra cronjob extra", `{"spec":{"suspend":true}}`)}, undo: []string{patched("-n extra cronjob extra", `{"spec":{"suspend":false}}`)},
		},
		{
			name: "a version of a CRD is not served any more", want: []string{"VU-562 customresourcedefinition/extras.test.upgrade.vantiq.com"},
			do:   []string{`patch crd extras.test.upgrade.vantiq.com --type=json -p '[{"op":"replace","path":"/spec/versions/1/served","value":false}]'`},
			undo: []string{`patch crd extras.test.upgrade.vantiq.com --type=json -p '[{"op":"replace","path":"/spec/versions/1/served","value":true}]'`},
		},
		{
			name: "a release was deployed meanwhile", want: []string{"VU-563 release/extra/extra"},
			do: []string{"apply -f testdata/verify-release.yaml"}, undo: []string{"delete -f testdata/verify-release.yaml"},
		},
		{
			name: "a pool has lost a node", want: []string{"VU-523 pool/sparenp"}, stays: true,
			do: []string{"delete node " + spareNode + "1"},
		},
	}
}
